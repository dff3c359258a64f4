"""What the tests ask of PromQL: does it parse, and which metrics does it name."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import yaml

from tools.programs import prometheus

_GRAFANA = {"$__rate_interval": "1m", "$__interval": "15s", "$__range": "1h", "$journey": ".*"}
_NOT_METRICS = {"and", "or", "unless", "group_left", "group_right", "bool", "inf", "nan"}


def program(name: str) -> Path:
    found = prometheus.find(name)
    assert found is not None, prometheus.MISSING
    return found


def filled_in(expr: str) -> str:
    """The expression with a value for each of Grafana's variables."""
    for variable, value in _GRAFANA.items():
        expr = expr.replace(variable, value)
    return expr


def faults(expressions: Iterable[str], folder: Path) -> str:
    """What promtool has to say against them; nothing when all of them parse."""
    rules = [{"record": f"expression:{number}", "expr": expr} for number, expr in enumerate(expressions)]
    path = folder / "expressions.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "expressions", "rules": rules}]}))
    checked = subprocess.run([program("promtool"), "check", "rules", path], capture_output=True, text=True, check=False)
    return checked.stderr if checked.returncode else ""


def metrics(expr: str) -> set[str]:
    """Its metrics: the names that are no function, no keyword, no label and no unit of time."""
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]', "", expr)
    bare = re.sub(r"\{[^}]*\}|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    bare = re.sub(r"\boffset\s+\w+", "", bare)
    names = re.findall(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\w*\s*\()(?![\w:])", bare)
    return {name for name in names if name.lower() not in _NOT_METRICS}
