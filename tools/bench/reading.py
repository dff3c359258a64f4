"""What looking at events costs the backend, against the least that aiohttp can do."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median

from tools.bench.bare import PATH
from tools.bench.cpu import used_by
from tools.bench.crowd import for_seconds, send_in
from tools.bench.customers import looking
from tools.bench.results import Row, Target
from tools.bench.site import Site, running
from tools.console import step
from tools.local.ports import free_ports

_CLIENTS = 64
_TARGET = Target(0.7, "x")


def read(site: Site, seconds: float, rounds: int, directory: Path) -> list[Row]:
    """A row for the list and one for an event: requests per CPU second of the server, as a share of the bare ones."""
    event = site.stock.value("SELECT min(id) FROM event")
    paths = {"GET /api/events": "/api/events", "GET /api/events/{id}": f"/api/events/{event}"}
    ratios: dict[str, list[float]] = {name: [] for name in paths}
    costs: dict[str, list[float]] = {name: [] for name in paths}
    rates: dict[str, list[float]] = {name: [] for name in paths}
    port = free_ports("0").shop
    command = [sys.executable, "-m", "tools.bench.bare", str(port)]
    probe = f"http://127.0.0.1:{port}{PATH}"
    with running(command, os.environ, directory / "bare.log", probe) as bare:
        for number in range(1, rounds + 1):
            least, _ = _cpu_per_request(port, PATH, bare.pid, seconds)
            shown = [f"bare {least * 1e6:.0f}"]
            for name, path in paths.items():
                used, rate = _cpu_per_request(site.port, path, site.pids["backend"], seconds)
                ratios[name].append(least / used)
                costs[name].append(used)
                rates[name].append(rate)
                shown.append(f"{name} {used * 1e6:.0f}")
            step(f"  round {number} of {rounds}: us of CPU for a request: {', '.join(shown)}")
    return [
        replace(
            Row.of(f"{name}, per CPU second", _TARGET, found),
            rate=median(rates[name]),
            costs={"backend": median(costs[name]) * 1e6},
        )
        for name, found in ratios.items()
    ]


def _cpu_per_request(port: int, path: str, pid: int, seconds: float) -> tuple[float, float]:
    """Seconds of the server's CPU for each, and how many it answered a second."""
    before = used_by({"server": pid})["server"]
    met = send_in(port, [looking(path) for _ in range(_CLIENTS)], for_seconds(seconds))
    after = used_by({"server": pid})["server"]
    met.demand(200)
    return (after - before) / met.requests, met.requests / met.elapsed
