"""Whether a hold stays as fast as it was when the shop has grown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools.bench.crowd import Visits, for_seconds, send_in
from tools.bench.customers import Tally, holding
from tools.bench.naive import CLIENTS
from tools.bench.results import Row, Target
from tools.bench.site import Site, migrated, open_shop
from tools.bench.stock import Event
from tools.console import step
from tools.programs.postgres import Server

_SMALL, _LARGE = (10, 1_000), (10_000, 1_000_000)  # events, tickets held already
_CAPACITY = 1_000_000


def grow(server: Server, directory: Path, seconds: float, rounds: int) -> list[Row]:
    """One row: p95 of a hold in the large shop, as a multiple of that in the small one; holds go to any event."""
    ratios = []
    with ExitStack() as stack:
        shops = [stack.enter_context(_shop(server, directory, *size)) for size in (_SMALL, _LARGE)]
        for number in range(1, rounds + 1):
            small, large = (_p95(site, events, seconds) for site, events in shops)
            ratios.append(large / small)
            step(f"  round {number} of {rounds}: p95 of a hold {small * 1000:.1f} ms, grown {large * 1000:.1f} ms")
        for site, _ in shops:
            site.check()
    return [Row.of("p95 of a hold at 1,000,000 tickets and 10,000 events", Target(1.5, "x", at_most=True), ratios)]


@contextmanager
def _shop(server: Server, directory: Path, events: int, tickets: int) -> Iterator[tuple[Site, list[int]]]:
    """A shop with so many events, of which so many tickets are held."""
    step(f"  a shop of {events:,} events and {tickets:,} held tickets")
    name = f"of_{events}_events"
    published = stocked(server, name, events, tickets)
    with open_shop(server, name, directory / name) as site:
        yield site, [event.id for event in published]


def stocked(server: Server, database: str, events: int, tickets: int) -> list[Event]:
    """The events of a new database, of which so many tickets are held already."""
    stock = migrated(server, database)
    published: list[Event] = stock.publish("event", capacity=_CAPACITY, events=events)
    stock.hold(published, each=tickets // events)
    stock.run("VACUUM ANALYZE")
    return published


def hold_any(site: Site, events: Sequence[int], seconds: float) -> Visits:
    """What customers met who held tickets of any of these events."""
    met = send_in(site.ports, [holding(events, Tally()) for _ in range(CLIENTS)], for_seconds(seconds))
    met.demand(201)
    return met


def _p95(site: Site, events: list[int], seconds: float) -> float:
    """In a shop that has been open for as long before: one that has just started knows none of its events."""
    hold_any(site, events, seconds)
    met = hold_any(site, events, seconds)
    site.settle()
    return met.percentile(0.95)
