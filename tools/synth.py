"""Writes what AWS and Kubernetes are asked for, and checks it: `python -m tools.synth`, for ENV=dev, ENV=prod, or both.

Templates land in cdk.out/ENV, manifests in dist/ENV. Both environments are made at the same time; the output of each
step is in build/.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cdk.settings import ENVIRONMENTS, SettingsError, environment, examples
from cdk.settings.environment import unwatched
from tools import console, processes
from tools.console import Failure, say, step
from tools.setup import CHECKOV, ROOT
from tools.setup import environment as with_our_programs

OUT = ROOT / "cdk.out"
MANIFESTS = ROOT / "dist"
CHARTS = ROOT / "cdk8s"
MISSING = "checkov is not installed (no network when it was tried?), so its checks were LEFT OUT; the others ran"
# The CDK's own constructs name some dependencies twice, which harms nobody.
CFN_LINT = ("cfn-lint", "--ignore-checks", "W3005", "--")
APP = "PYTHONPATH=.. python main.py"  # as in cdk8s.yaml, but for one environment


@dataclass(frozen=True)
class Step:
    """One command for one environment. done: what it has achieved, when it ends with 0."""

    name: str
    command: Callable[[str], Sequence[str | Path]]
    done: str
    possible: Callable[[], bool] = lambda: True
    cwd: Path = ROOT


STEPS = [
    Step(
        "stacks",
        lambda env: ("cdk", "synth", "--quiet", "--strict", "--output", OUT / env, "--context", f"env={env}"),
        "stacks synthesized, 0 findings of the CDK's rules and cdk-nag",
    ),
    Step("cfn-lint", lambda env: (*CFN_LINT, *sorted((OUT / env).glob("*.template.json"))), "0 findings of cfn-lint"),
    Step(
        "checkov",
        lambda env: (CHECKOV / "bin" / "checkov", "--directory", OUT / env, "--config-file", "cdk/checkov.yaml"),
        "0 findings of checkov",
        possible=(CHECKOV / ".stamp").exists,
    ),
    Step(
        "manifests",
        lambda env: ("cdk8s", "synth", "--no-check-upgrade", "--app", f"{APP} {env}", "--output", MANIFESTS / env),
        "manifests synthesized",
        cwd=CHARTS,
    ),
    Step(
        "manifest-checks",
        lambda env: ("env", f"PYTHONPATH={ROOT}:{CHARTS}", "python", "-m", "ticketing.checks", env, MANIFESTS / env),
        "0 findings of the schemas of Kubernetes and of custom resources, of references, safety and timings",
    ),
    Step(
        "manifest-checkov",
        lambda env: (
            CHECKOV / "bin" / "checkov",
            "--directory",
            MANIFESTS / env,
            "--config-file",
            "cdk8s/checkov.yaml",
        ),
        "0 findings of checkov in the manifests",
        possible=(CHECKOV / ".stamp").exists,
    ),
]


def main(_arguments: list[str]) -> int:
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    names = _chosen(os.environ.get("ENV", ""))
    step(f"synthesizing {' and '.join(names)}")
    with ThreadPoolExecutor(len(names)) as pool:
        failures = [failure for failure in pool.map(_synthesize, names) if failure]
    for name in names:
        if left := examples(environment(name)):
            say(f"note: {name} is made of example values and cannot be deployed: {', '.join(left)}")
        if warning := unwatched(environment(name)):
            say(f"WARNING: {warning}")
    if not all(each.possible() for each in STEPS):
        say(f"WARNING: {MISSING}")
    if failures:
        raise Failure("; ".join(failures))
    made = " and ".join(names)
    step(f"of {made}, templates are in {OUT.relative_to(ROOT)}/ and manifests in {MANIFESTS.relative_to(ROOT)}/")
    return 0


def _chosen(name: str) -> Sequence[str]:
    if not name:
        return ENVIRONMENTS
    try:
        return [environment(name).name]
    except SettingsError as error:
        raise Failure(str(error)) from None


def _synthesize(env: str) -> str:
    """Each step as long as the one before went well; why it did not, in one line."""
    for each in STEPS:
        if not each.possible():
            continue
        began = time.monotonic()
        log = ROOT / "build" / f"{each.name}-{env}.log"
        if _run(each, env, log) != 0:
            say(f"\n--- {env}: {each.name}\n{log.read_text(errors='replace').strip()}\n")
            return _why(env, each, log)
        step(f"{env}: {each.done} ({time.monotonic() - began:.1f} s)")
    return ""


def _run(each: Step, env: str, log: Path) -> int:
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    process = processes.start(processes.Start(each.command(env), log=log, cwd=each.cwd, env=with_our_programs()))
    try:
        return process.wait()
    finally:
        processes.stop(process)


def _why(env: str, failed: Step, log: Path) -> str:
    """The one line of a wrong setting, or where to read on."""
    found = re.search(r"^error: (.+)$", log.read_text(errors="replace"), re.MULTILINE)
    return found[1] if found else f"{env}: {failed.name} failed: see its output above, or {log.relative_to(ROOT)}"


if __name__ == "__main__":
    console.run(main)
