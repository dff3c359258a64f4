"""Holds by the size of the shop and the number of its backend processes, for the table in docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.bench.cpu import cost, used_by
from tools.bench.growing import hold_any, stocked
from tools.bench.results import in_columns
from tools.bench.site import Site, open_shop
from tools.console import step
from tools.programs.postgres import Server

SIZES = ((10, 1_000), (100, 10_000), (1_000, 100_000), (10_000, 1_000_000))  # events, tickets held already
PROCESSES = (1, 2, 4)
_MEASURED = ("holds/s", "p95 ms", "us of CPU each")
_HEAD = ("events", "held tickets", "processes", *_MEASURED, *(f"one event: {what}" for what in _MEASURED))


@dataclass(frozen=True, slots=True)
class _Held:
    """rate: a second. p95: milliseconds. backends, database: microseconds of CPU for each hold."""

    rate: float
    p95: float
    backends: float
    database: float

    def cells(self) -> tuple[str, str, str]:
        used = f"backend {self.backends:.0f}, database {self.database:.0f}"
        return f"{self.rate:,.0f}", f"{self.p95:.1f}", used


def widen(server: Server, directory: Path, seconds: float) -> str:
    """A Markdown table: holds of any event, and of one that everybody wants, at each size with each count."""
    lines: list[tuple[str, ...]] = [_HEAD]
    for events, tickets in SIZES:
        step(f"  a shop of {events:,} events and {tickets:,} held tickets")
        name = f"sized_{events}"
        published = [event.id for event in stocked(server, name, events, tickets)]
        for count in PROCESSES:
            with open_shop(server, name, directory / f"{name}_{count}", backends=count) as site:
                spread, hot = (_hold(site, wanted, seconds) for wanted in (published, published[:1]))
                site.check()
            lines.append((f"{events:,}", f"{tickets:,}", str(count), *spread.cells(), *hot.cells()))
            step(f"    {count} processes: {spread.rate:,.0f} holds/s of any event, {hot.rate:,.0f} of one")
        server.drop_database(name)
    return in_columns(lines)


def _hold(site: Site, events: Sequence[int], seconds: float) -> _Held:
    hold_any(site, events, seconds)  # as in a shop that has been open for as long
    before = used_by(site.pids)
    met = hold_any(site, events, seconds)
    used = cost(before, used_by(site.pids))
    site.settle()
    backends = sum(spent for name, spent in used.items() if name.startswith("backend"))
    each = 1e6 / met.requests
    return _Held(met.requests / met.elapsed, met.percentile(0.95) * 1000, backends * each, used["database"] * each)
