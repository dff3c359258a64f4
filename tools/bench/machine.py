"""Where figures come from: the machine, the commit and the hour, without which they mean little."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tools.programs.postgres import binaries
from tools.setup import ROOT

_UNSAVED = "+"


def describe() -> Mapping[str, str]:
    """Its parts by name."""
    postgres = subprocess.run([binaries() / "postgres", "--version"], capture_output=True, text=True, check=True)
    return {
        "CPU": f"{_model()}, {os.cpu_count()} cores",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "PostgreSQL": postgres.stdout.split()[-1],
        **{name: version(name) for name in ("aiohttp", "aiopg", "uvloop")},
    }


def commit() -> str:
    """The one that is checked out, with a plus when what is measured was changed since; no page changes that."""
    known = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":(exclude)docs")
    return f"{known or 'unknown'}{_UNSAVED if changed else ''}"


def taken(began: float, of: str) -> str:
    """When and of what, for people. began: seconds since 1970. of: as commit() says it."""
    unsaved = " with unsaved changes" if of.endswith(_UNSAVED) else ""
    return f"{datetime.fromtimestamp(began, UTC):%Y-%m-%d %H:%M} UTC, commit {of.removesuffix(_UNSAVED)}{unsaved}"


def _git(*arguments: str) -> str:
    """What it says; nothing where there is no repository."""
    run = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stdout.strip() if run.returncode == 0 else ""


def _model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
