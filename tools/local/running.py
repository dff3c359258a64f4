"""A shop of one's own for as long as a block runs: for screenshots, benchmarks and load tests."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools import processes
from tools.console import Failure
from tools.setup import ROOT

START_SECONDS = 120.0


@contextmanager
def running_shop(data_dir: Path, settings: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Start a shop on free ports with its data there, and yield its facts (url, metrics_url, database_url and so on).

    settings: environment variables of the shop, for example HOLD_SECONDS.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    ready_file, log = data_dir / "ready.json", data_dir / "up.log"
    env = {**os.environ, "PORT": "0", "DATABASE_URL": "", "DATA_DIR": str(data_dir), **(settings or {})}
    command: list[str | Path] = [sys.executable, "-m", "tools.local.up", "--ready-file", ready_file]
    # SIGTERM at our death: the shop must stop its own parts.
    up = processes.start(processes.Start(command, log=log, cwd=ROOT, env=env, at_our_death=signal.SIGTERM))
    try:
        give_up = time.monotonic() + START_SECONDS
        while not ready_file.exists():
            if up.poll() is not None or time.monotonic() > give_up:
                raise Failure(f"the shop did not start: {_last_line(log)} (see {log})")
            time.sleep(0.05)
        yield json.loads(ready_file.read_text())
    finally:
        processes.stop(up, (signal.SIGTERM, 60.0))


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it says nothing"
