"""main.py in a process of its own, where cdk8s's command line would start it."""

import subprocess
import sys
from pathlib import Path

from tools.setup import ROOT
from tools.setup import environment as with_our_programs

CHARTS = ROOT / "cdk8s"


def start(folder: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Begin to write into the folder. variables: of the environment, besides."""
    return subprocess.Popen(
        [sys.executable, "main.py", *arguments],
        cwd=CHARTS,
        env={**with_our_programs(), "PYTHONPATH": "..", "CDK8S_OUTDIR": str(folder), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Status and what was said as an error."""
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors
