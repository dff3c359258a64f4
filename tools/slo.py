"""Writes what follows from slo.yaml, and has promtool test the rules: `python -m tools.slo`, which is `make slo`."""

import subprocess
from pathlib import Path

from backend.telemetry.promise_faults import PromiseError
from slo import build
from slo.rules.document import OUTPUT as RULES
from slo.ruletests import document as ruletests
from slo.solvability import solvable_spec
from tools import console
from tools.console import Failure, say, step
from tools.programs import prometheus


def main(_arguments: list[str]) -> int:
    try:
        spec = solvable_spec()
    except PromiseError as error:
        raise Failure(f"nothing was written:\n{error}") from None
    changed = build.build(spec)
    for path in changed:
        say(f"  {path}")
    step(f"{len(changed)} of {len(build.files(spec))} files changed" if changed else "nothing changed")
    try_rules(build.ROOT)
    return 0


def try_rules(root: Path) -> None:
    """By promtool, with what was written into this folder. Failure when they are wrong, or nobody can tell."""
    promtool = prometheus.find("promtool")
    if promtool is None:
        raise Failure(f"all is written, but the rules are not tested: {prometheus.MISSING}")
    step("testing the rules, which takes half a minute")
    tests = sorted((root / ruletests.FOLDER).glob("*.yaml"))
    for action, files in (("check", [root / RULES]), ("test", tests)):
        done = subprocess.run([promtool, action, "rules", *files], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"all is written, but promtool refuses it:\n{done.stdout}{done.stderr}")
    say("the rules passed their tests")


if __name__ == "__main__":
    console.run(main)
