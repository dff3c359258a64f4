"""Writes what follows from slo.yaml: `python -m tools.slo`, which is `make slo`."""

from backend.telemetry.promise_faults import PromiseError
from slo import build
from slo.solvability import solvable_spec
from tools import console
from tools.console import Failure, say, step


def main(_arguments: list[str]) -> int:
    try:
        spec = solvable_spec()
    except PromiseError as error:
        raise Failure(f"nothing was written:\n{error}") from None
    changed = build.build(spec)
    for path in changed:
        say(f"  {path}")
    step(f"{len(changed)} of {len(build.files(spec))} files changed" if changed else "nothing changed")
    return 0


if __name__ == "__main__":
    console.run(main)
