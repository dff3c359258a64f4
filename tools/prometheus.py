"""Prometheus and promtool: from PATH, else Debian's package unpacked into .tools/ without root."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

from tools.console import step
from tools.setup import ROOT

HERE = ROOT / ".tools" / "prometheus"
MISSING = "Prometheus is missing: install the package `prometheus` (apt-get install prometheus) to have it"


def find(program: str = "prometheus") -> Path | None:
    """The program, fetched if need be, or None when it cannot be had on this machine."""
    on_path = shutil.which(program)
    if on_path is not None:
        return Path(on_path)
    if not (HERE / "usr" / "bin" / program).exists():
        _fetch()
    unpacked = HERE / "usr" / "bin" / program
    return unpacked if unpacked.exists() else None


def _fetch() -> None:
    """Download and unpack; leaves nothing behind when there is no apt, no network or no package list."""
    if platform.system() != "Linux" or shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return
    step("fetching Prometheus (once)")
    new = HERE.with_name(f"prometheus.{os.getpid()}")
    new.mkdir(parents=True)
    try:
        subprocess.run(["apt-get", "download", "prometheus"], cwd=new, capture_output=True, timeout=120, check=True)
        package = next(new.glob("*.deb"))
        subprocess.run(["dpkg", "-x", package.name, "."], cwd=new, capture_output=True, timeout=120, check=True)
        package.unlink()
        if not HERE.exists():
            new.rename(HERE)
    except (subprocess.SubprocessError, StopIteration, OSError):
        return
    finally:
        shutil.rmtree(new, ignore_errors=True)


def config(directory: Path, targets: dict[str, int]) -> Path:
    """Write a configuration that scrapes these jobs (name: port) and loads the SLO rules if there are any."""
    rules = ROOT / "slo" / "out" / "rules.yaml"
    lines = ["global: {scrape_interval: 5s, evaluation_interval: 15s}"]
    lines += [f"rule_files: ['{rules}']"] if rules.exists() else []
    lines += ["scrape_configs:"]
    lines += [
        f"  - {{job_name: {name}, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}"
        for name, port in targets.items()
    ]
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "prometheus.yml"
    path.write_text("\n".join(lines) + "\n")
    return path
