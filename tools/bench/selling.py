"""Holds and bookings on one hot pool, against the obvious way to sell; with and without a slow commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median

from tools.bench import naive
from tools.bench.cpu import cost, resident_bytes, used_by
from tools.bench.crowd import Visit, for_seconds, send_in
from tools.bench.customers import CARD, Tally, booking, holding
from tools.bench.results import Row, Target
from tools.bench.site import Site
from tools.bench.stock import Event, Stock
from tools.console import step
from tools.programs.postgres import Server

_CAPACITY = 10_000_000
_PRETIX_ORDERS = 12  # a second, measured of it on two cores
_PRETIX = Target(100, "x")
_DELAY = 2000  # microseconds, about what a standby in another availability zone adds to a commit


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of customer. target, delayed: times the naive way, as it is and when each commit takes 2 ms longer."""

    title: str
    price: int
    visit: Callable[[int, Tally], Visit]
    target: float
    delayed: float


LOADS = {
    "holds": Load("holds", 0, lambda event, tally: holding([event], tally), 5, 12),
    "free": Load("free bookings", 0, booking, 1.5, 6),
    "paid": Load("paid bookings", 4500, lambda event, tally: booking(event, tally, CARD), 0.8, 3),
}


@dataclass(frozen=True, slots=True)
class Market:
    """The shop and its rival, the same server behind both. seconds: of each measurement."""

    server: Server
    site: Site
    rival: Stock
    seconds: float


@dataclass(frozen=True, slots=True)
class _Sold:
    """rate: a second. costs: microseconds of CPU each, by process."""

    rate: float
    costs: dict[str, float]


def sell(market: Market, names: Sequence[str], rounds: int, *, delayed: bool) -> list[Row]:
    """A row for each of these loads, each of them measured right after the rival."""
    loads = [LOADS[name] for name in names]
    suffix = ", commit_delay 2 ms" if delayed else ""
    (naive_event,) = market.rival.publish(f"naive{suffix}", capacity=_CAPACITY)
    events = [
        market.site.stock.publish(f"{load.title}{suffix}", capacity=_CAPACITY, price=load.price)[0] for load in loads
    ]
    ratios: list[list[float]] = [[] for _ in loads]
    sold: list[list[_Sold]] = [[] for _ in loads]
    with _slow_commits(market) if delayed else _nothing():
        for number in range(1, rounds + 1):
            for load, event, found, achieved in zip(loads, events, ratios, sold, strict=True):
                rate = naive.holds_per_second(market.server, market.rival.dsn, naive_event, market.seconds)
                step(f"  round {number} of {rounds}: naive {rate:,.0f}/s")
                achieved.append(_sell(market, load, event))
                found.append(achieved[-1].rate / rate)
    market.site.check()
    rows = [
        replace(
            Row.of(f"{load.title}{suffix}", Target(load.delayed if delayed else load.target, "x"), found),
            rate=median(each.rate for each in achieved),
            costs={name: median(each.costs[name] for each in achieved) for name in achieved[0].costs},
        )
        for load, found, achieved in zip(loads, ratios, sold, strict=True)
    ]
    if "free" in names and not delayed:
        of_pretix = [achieved.rate / _PRETIX_ORDERS for achieved in sold[names.index("free")]]
        rows.append(Row.of("free bookings, against the 12 orders/s of pretix", _PRETIX, of_pretix))
    return rows


def _sell(market: Market, load: Load, event: Event) -> _Sold:
    """What 64 customers achieve."""
    tally, pids = Tally(), market.site.pids
    before = used_by(pids)
    visits = [load.visit(event.id, tally) for _ in range(naive.CLIENTS)]
    met = send_in(market.site.port, visits, for_seconds(market.seconds))
    after = used_by(pids)
    met.demand(200, 201)
    rate = tally.done / met.elapsed
    used = {**cost(before, after), "generator": met.cpu}
    costs = {name: seconds / tally.done * 1e6 for name, seconds in used.items()}
    shares = ", ".join(f"{name} {cost:,.0f}" for name, cost in costs.items())
    quantiles = "/".join(f"{met.percentile(share) * 1000:.1f}" for share in (0.5, 0.95, 0.99))
    step(f"    {load.title}: {rate:,.0f}/s; us of CPU each: {shares}; a request takes {quantiles} ms (p50/p95/p99)")
    sizes = (f"{name} {resident_bytes(pid) / 2**20:.0f}" for name, pid in pids.items() if name != "database")
    step(f"    resident memory in MiB: {', '.join(sizes)}")
    market.site.settle()
    return _Sold(rate, costs)


@contextmanager
def _slow_commits(market: Market) -> Iterator[None]:
    """Every commit of the server waits 2 ms before it writes, whatever else goes on."""
    reload = "SELECT pg_reload_conf()"
    market.rival.run(f"ALTER SYSTEM SET commit_delay = {_DELAY}", "ALTER SYSTEM SET commit_siblings = 0", reload)
    try:
        market.rival.wait_for("SELECT current_setting('commit_delay') = %s", str(_DELAY))
        yield
    finally:
        market.rival.run("ALTER SYSTEM RESET commit_delay", "ALTER SYSTEM RESET commit_siblings", reload)
        market.rival.wait_for("SELECT current_setting('commit_delay') = %s", "0")


@contextmanager
def _nothing() -> Iterator[None]:
    yield
