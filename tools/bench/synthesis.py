"""How long it takes to write and check what AWS and Kubernetes are asked for."""

from __future__ import annotations

import os
import subprocess
import time

from tools.bench.results import Row, Target
from tools.console import Failure
from tools.setup import PYTHON, ROOT

_TARGET = Target(60, "s", at_most=True)


def synthesize() -> list[Row]:
    """One row: `make synth` of both environments, with everything that it needs installed before."""
    env = {name: value for name, value in os.environ.items() if name != "ENV"}
    _run([PYTHON, "-m", "tools.setup", "aws"], env)
    began = time.monotonic()
    _run([PYTHON, "-m", "tools.setup", "aws", "synth"], env)
    return [Row.of("make synth, both environments, set up", _TARGET, [time.monotonic() - began])]


def _run(command: list[object], env: dict[str, str]) -> None:
    run = subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        said = (run.stdout + run.stderr).strip() or "it says nothing"
        raise Failure(f"synthesizing failed: {said.splitlines()[-1]}")
