"""Programs from Debian's packages, unpacked into .tools/ without root."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from tools.console import step
from tools.setup import ROOT


def find(program: str, *packages: str) -> Path | None:
    """The program: from PATH, else from these packages, fetched if need be; None when it cannot be had here."""
    on_path = shutil.which(program)
    if on_path is not None:
        return Path(on_path)
    here = ROOT / ".tools" / packages[0]
    if _program(here, program) is None:
        _fetch(here, packages)
    return _program(here, program)


def missing(name: str, package: str) -> str:
    """What to do where `find` found nothing."""
    return (
        f"{name} is missing: have it on PATH; on Debian and Ubuntu `sudo apt-get update` is enough, "
        f"as the package `{package}` is then fetched by itself"
    )


def _program(folder: Path, program: str) -> Path | None:
    places = (folder / "usr" / where / program for where in ("bin", "sbin"))
    return next((place for place in places if place.exists()), None)


def _fetch(here: Path, packages: tuple[str, ...]) -> None:
    """Download and unpack; leaves nothing behind when there is no apt, no network or no package list."""
    if platform.system() != "Linux" or shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return
    step(f"fetching {packages[0]} (once)")
    new = here.with_name(f"{here.name}.{os.getpid()}")
    new.mkdir(parents=True)
    try:
        subprocess.run(["apt-get", "download", *packages], cwd=new, capture_output=True, timeout=120, check=True)
        for package in sorted(new.glob("*.deb")):
            subprocess.run(["dpkg", "-x", package.name, "."], cwd=new, capture_output=True, timeout=120, check=True)
            package.unlink()
        if not here.exists():
            new.rename(here)
    except (subprocess.SubprocessError, OSError):
        return
    finally:
        shutil.rmtree(new, ignore_errors=True)
