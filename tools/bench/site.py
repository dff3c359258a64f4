"""The shop that is measured: backend, worker and payment provider, each a process of its own, on one PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tools import processes
from tools.bench.stock import Stock
from tools.console import Failure, step
from tools.local.ports import free_ports
from tools.local.shop import Shop
from tools.programs.postgres import Server
from tools.setup import ROOT

_START_SECONDS = 30.0
_SETTLE_SECONDS = 60.0
_SETTINGS = {
    "LOG_SAMPLE": "0.01",  # as in production; `make up` logs each request
    "STATIC_DIR": "",  # no page is asked for
    "PSP_JOURNAL": "",  # would charge the provider's disk to the shop
}


@dataclass(frozen=True, slots=True)
class Site:
    """A running shop. port: of its first backend; ports: of all of them.

    pids: its processes and its database, by the names under which their CPU is reported.
    """

    port: int
    ports: Sequence[int]
    pids: Mapping[str, int]
    stock: Stock
    settings: Mapping[str, str]

    def settle(self) -> None:
        """Wait until the worker has done all that the last load left it, so that the next one is not charged for it."""
        give_up = time.monotonic() + _SETTLE_SECONDS
        while left := self.stock.backlog():
            if time.monotonic() > give_up:
                raise Failure(f"the worker has {left} events and webhooks left after {_SETTLE_SECONDS:.0f} s")
            time.sleep(0.05)

    def check(self) -> None:
        """Failure when an invariant is broken."""
        checked = _backend("check", self.settings)
        if checked.returncode != 0:
            raise Failure(f"after the load the invariants are broken: {(checked.stdout or checked.stderr).strip()}")
        step(f"  invariants: {checked.stdout.strip()}")


def migrated(server: Server, database: str, *commands: str) -> Stock:
    """A new database with the shop's tables. commands: of the backend, to run on it afterwards."""
    settings = {**os.environ, "DATABASE_URL": server.create_database(database), "SECRET_KEY": "signs nothing here"}
    for command in ("migrate", *commands):
        prepared = _backend(command, settings)
        if prepared.returncode != 0:
            raise Failure(f"the database cannot be prepared: {prepared.stderr.strip()}")
    return Stock(server.dsn_of(database))


@contextmanager
def open_shop(
    server: Server, database: str, data_dir: Path, *, backends: int = 1, more: Mapping[str, str] | None = None
) -> Iterator[Site]:
    """Run the shop on this database, as `make up` does, until the block ends. more: settings."""
    data_dir.mkdir(parents=True)
    (data_dir / "mailbox").mkdir()
    shop = Shop(free_ports("0"), data_dir, server.dsn_of(database))
    settings = {**shop.settings(), **_SETTINGS, **(more or {})}
    of_worker = {**settings, "METRICS_PORT": str(shop.ports.worker_metrics)}
    parts = [
        ("provider", "psp", settings, f"{settings['PSP_URL']}/pay/style.css"),
        ("worker", "worker", of_worker, f"http://127.0.0.1:{shop.ports.worker_metrics}/metrics"),
        ("backend", "serve", settings, f"http://127.0.0.1:{shop.ports.shop}/readiness"),
    ]
    ports = [shop.ports.shop]
    pids = {"database": server.process.pid}
    with ExitStack() as stack:
        for number in range(1, backends):
            other = free_ports("0")
            ports.append(other.shop)
            of_other = {**settings, "PORT": str(other.shop), "METRICS_PORT": str(other.metrics)}
            parts.append((f"backend {number + 1}", "serve", of_other, f"http://127.0.0.1:{other.shop}/readiness"))
        for name, command, environment, probe in parts:
            started = stack.enter_context(running(shop.backend(command), environment, data_dir / f"{name}.log", probe))
            pids[name] = started.pid
        yield Site(shop.ports.shop, ports, pids, Stock(shop.database_url), settings)


@contextmanager
def running(
    command: Sequence[str | Path], environment: Mapping[str, str], log: Path, probe: str
) -> Iterator[processes.Process]:
    """A process from when its probe answers until the block ends."""
    process = processes.start(processes.Start(command, log=log, cwd=ROOT, env=environment))
    try:
        give_up = time.monotonic() + _START_SECONDS
        while not _answers(probe):
            if process.poll() is not None or time.monotonic() > give_up:
                raise Failure(f"{log.stem} did not start: {_last_line(log)}")
            time.sleep(0.05)
        yield process
    finally:
        processes.stop(process, (signal.SIGTERM, 15.0))


def _last_line(log: Path) -> str:
    return (log.read_text(errors="replace").strip().splitlines() or ["it says nothing"])[-1]


def _answers(probe: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(probe, timeout=2.0):
        return True
    return False


def _backend(command: str, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "backend", command]
    return subprocess.run(arguments, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
