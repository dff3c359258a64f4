"""python -m slo build | check | explain | gate: from slo.yaml to all that follows from it."""

import argparse
import sys

from backend.telemetry.promise_faults import PromiseError
from slo import build, explain
from slo.gate import command
from slo.solvability import solvable_spec


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m slo", description="The promise, and what follows from it.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="write rules, tests, dashboards, thresholds and documents")
    commands.add_parser("check", help="compare them with slo.yaml, and see whether the promise can be kept")
    commands.add_parser("explain", help="print budgets, thresholds and the time to notice an outage")
    command.add_arguments(commands.add_parser("gate", help="may this change be released, by the budgets that are left"))
    options = parser.parse_args(arguments)
    if options.command == "gate":
        return command.gate(options)
    try:
        return {"build": _build, "check": _check, "explain": _explain}[options.command]()
    except PromiseError as error:
        print(error, file=sys.stderr)
        return 1


def _build() -> int:
    for path in build.build(solvable_spec()):
        print(path)
    return 0


def _check() -> int:
    stale = build.differing(build.files(solvable_spec()))
    for path in stale:
        print(f"{path} does not follow from slo.yaml: run `make slo` and commit what it writes", file=sys.stderr)
    return 1 if stale else 0


def _explain() -> int:
    print(explain.explain(solvable_spec()), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
