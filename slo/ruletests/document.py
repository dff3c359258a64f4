"""The tests as promtool reads them: a file for each subject, beside the rules that they test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from slo.heads import MADE_BY
from slo.ruletests import burning, correctness, database, edge, history, measurement, pages, pairs, platform
from slo.ruletests.model import Check, Fires, Holds, World
from slo.ruletests.traffic import name
from slo.spec import Spec
from slo.yaml_text import dump

FOLDER = Path("slo/out/tests")

_SUBJECTS: dict[str, Callable[[Spec], Iterator[World]]] = {
    "burning": burning.worlds,
    "pairs": pairs.worlds,
    "database": database.worlds,
    "correctness": correctness.worlds,
    "edge": edge.worlds,
    "platform": platform.worlds,
    "measurement": measurement.worlds,
    "pages": pages.worlds,
    "history": history.worlds,
}


def write(spec: Spec) -> dict[Path, str]:
    return {
        FOLDER / f"{name}.yaml": f"# {MADE_BY}\n\n{dump(_document(spec, world))}"
        for name, world in worlds(spec).items()
    }


def worlds(spec: Spec) -> dict[str, World]:
    """All of them: burning-1, burning-2 and so on."""
    return {
        f"{subject}-{number}": world
        for subject, make in _SUBJECTS.items()
        for number, world in enumerate(make(spec), 1)
    }


def _document(spec: Spec, world: World) -> dict[str, Any]:
    evaluation = world.evaluation or round(spec.prometheus.evaluation_interval.total_seconds())
    test = {
        "name": world.about,
        "interval": f"{world.step}s",
        "input_series": [{"series": series.name, "values": series.values} for series in world.series],
        "promql_expr_test": [_test(check) for check in world.checks],
    }
    return {"rule_files": ["../rules.yaml"], "evaluation_interval": f"{evaluation}s", "tests": [test]}


def _test(check: Check) -> dict[str, Any]:
    one = [{"labels": "{}", "value": 1}]
    if isinstance(check, Holds):
        return {"expr": f"{check.expr} or vector(0)", "eval_time": f"{check.minute}m", "exp_samples": one}
    labels = {"alertname": check.alert, "alertstate": "firing"} | check.labels
    firing = name("ALERTS", labels)
    if isinstance(check, Fires):
        return {"expr": f"group({firing})", "eval_time": f"{check.minute}m", "exp_samples": one}
    ever = f"group(last_over_time({firing}[{max(check.last - check.first, 1)}m]))"
    return {"expr": ever, "eval_time": f"{check.last}m", "exp_samples": []}
