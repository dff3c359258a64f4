"""Rules and their tests, written to a folder as they are committed, and what promtool says to them."""

import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from slo.rules import document as rules
from slo.ruletests import document as ruletests
from slo.spec import Spec
from tests.slo.promql import program


def written(spec: Spec, folder: Path) -> list[Path]:
    """The files of tests, with the rules beside them."""
    files = {**rules.write(spec), **ruletests.write(spec)}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return sorted(folder / path for path in files if path.is_relative_to(ruletests.FOLDER))


def without_recording(text: str) -> str:
    """All but those that record objectives: what does not look at these needs a fifth of the time."""
    content = yaml.safe_load(text)
    content["groups"] = [group for group in content["groups"] if group["name"] != "slo-objectives"]
    return yaml.safe_dump(content)


def failures(tests: Iterable[Path]) -> dict[str, str]:
    """What promtool has against each file; empty when all of them pass."""
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(_failure, tests)
    return {name: said for name, said in results if said}


def _failure(path: Path) -> tuple[str, str]:
    tested = subprocess.run([program("promtool"), "test", "rules", path], capture_output=True, text=True, check=False)
    return path.name, tested.stdout + tested.stderr if tested.returncode else ""
