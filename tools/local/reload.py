"""Runs a process of the backend, and starts it again when its code changes: `python -m tools.local.reload LOG COMMAND`.

One that ends by itself is let lie until something changes, with its last words in the log. Its output goes to LOG, as
ours does.
"""

import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tools import console, processes
from tools.setup import ROOT

_LOOK_SECONDS = 0.3
_STOP_SECONDS = 15.0
_WATCHED = ("*.py", "*.sql", "*.yaml")

State = Mapping[Path, int]


def main(arguments: list[str]) -> int:
    log, command = arguments
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    start = processes.Start([sys.executable, "-m", "backend", command], log=Path(log), cwd=ROOT)
    while True:
        seen = state()
        process = processes.start(start)
        try:
            changed = _first_change(seen, process)
        finally:
            processes.stop(process, (signal.SIGTERM, _STOP_SECONDS))
        console.say(f"WARNING {changed.relative_to(ROOT)} changed: starting again")


def _first_change(seen: State, process: processes.Process) -> Path:
    """Wait until a file is new, changed or gone, and name it."""
    told = False
    while (now := state()) == seen:
        if not told and process.poll() is not None:
            console.say("ERROR it ended, see its log: it starts again when a file changes")
            told = True
        time.sleep(_LOOK_SECONDS)
    return next(iter(sorted(path for path in {*now, *seen} if now.get(path) != seen.get(path))))


def state() -> State:
    """Of each file that the backend is made of, when it was changed; nanoseconds."""
    files = [ROOT / "slo.yaml", *(path for pattern in _WATCHED for path in (ROOT / "backend").rglob(pattern))]
    return {path: path.stat().st_mtime_ns for path in files if path.exists()}


if __name__ == "__main__":
    console.run(main)
