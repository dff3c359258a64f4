"""k6, which makes the load."""

from __future__ import annotations

import re
import resource
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.console import Failure
from tools.load.scenarios import Scenario
from tools.processes import Start, start, stop
from tools.setup import ROOT, VENV, environment

K6 = VENV / "bin" / "k6"
_PASSED, _MISSED = 0, 99
_FILES = 8192  # connections that k6 and a shop of our own may have open
_REASON = re.compile(r'level=error msg="(?:Error: )?(.*?)(?:\\n|"$|" )', re.MULTILINE)


def version() -> str:
    told = subprocess.run([K6, "version"], capture_output=True, text=True, check=True).stdout
    return told.split()[1].removeprefix("v")


def allow_connections() -> None:
    """Ours and those of the processes that we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _FILES:
        raise Failure(f"only {hard} open files are allowed, {_FILES} are needed: raise the limit (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, _FILES), hard))


def command(scenario: Scenario, host: str, settings: Mapping[str, str], folder: Path) -> list[str | Path]:
    """What starts k6, which writes into the folder."""
    variables = {**settings, "HOST": host, "SUMMARY": str(folder / "summary.json")}
    given = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
    output = f"csv={folder / 'samples.csv'}"
    return [K6, "run", "--quiet", "--no-color", "--no-usage-report", "--out", output, *given, scenario.script]


def run(scenario: Scenario, host: str, settings: Mapping[str, str], folder: Path) -> None:
    """Let k6 run to its end; the folder then has summary.json, samples.csv and k6.log.

    Failure when the test could not be carried out; missed thresholds are none.
    """
    log = folder / "k6.log"
    # k6 often shares the machine with the shop: it may use more memory if that saves it time.
    env = {"GOGC": "400", **environment(), "K6_CSV_TIME_FORMAT": "unix_milli", "K6_ADDRESS": ""}
    process = start(Start(command(scenario, host, settings, folder), log=log, cwd=ROOT, env=env))
    try:
        process.wait()
    finally:
        stop(process, (signal.SIGINT, 20.0))
    if process.returncode not in (_PASSED, _MISSED):
        raise Failure(f"{scenario.name} could not be carried out: {_reason(log)}")


def _reason(log: Path) -> str:
    text = log.read_text(errors="replace")
    found = _REASON.findall(text)
    return found[-1] if found else f"see {log}"
