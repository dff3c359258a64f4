"""A sale opens: everybody connects at once and buys until nothing is left."""

from __future__ import annotations

import random
from time import perf_counter

from tools.bench.crowd import send_in
from tools.bench.customers import Tally, buying_out
from tools.bench.results import Row, Target
from tools.bench.site import Site
from tools.console import Failure, step

_TICKETS = 10_000
_BUYERS = 2_000
_NAME = "on-sale, 2,000 buyers at once"
_SECONDS = Target(3, "s", at_most=True)
_P95 = Target(800, "ms", at_most=True)
_NONE = Target(0, "", at_most=True)


def open_sales(site: Site, rounds: int) -> list[Row]:
    """Rows for the time to sell out, the p95 of its requests, server errors and tickets sold beyond the capacity."""
    figures = [_sale(site, number, rounds) for number in range(1, rounds + 1)]
    site.check()
    seconds, p95s, errors, oversold = zip(*figures, strict=True)
    return [
        Row.of(f"{_NAME}: sold out", _SECONDS, seconds),
        Row.of(f"{_NAME}: p95 of a request", _P95, p95s),
        Row.of(f"{_NAME}: 5xx and broken connections", _NONE, errors),
        Row.of(f"{_NAME}: oversold", _NONE, oversold),
    ]


def _sale(site: Site, number: int, rounds: int) -> tuple[float, float, float, float]:
    (event,) = site.stock.publish(f"sale {number}", capacity=_TICKETS)
    dice = random.Random(number)  # noqa: S311 - the same crowd in each run
    tally = Tally()
    met = send_in(site.port, [buying_out(event.id, dice.randint(1, 10), tally) for _ in range(_BUYERS)])
    seconds = perf_counter() - tally.began
    left = site.stock.left(event)
    if left:
        raise Failure(f"{left} tickets are left although every buyer found the sale sold out")
    p95, errors = (
        met.percentile(0.95) * 1000,
        met.broken + sum(met.statuses[code] for code in met.statuses if code >= 500),
    )
    step(
        f"  sale {number} of {rounds}: {tally.done:,} tickets in {seconds:.2f} s, {met.requests:,} requests, "
        f"p95 {p95:.0f} ms, {errors} errors"
    )
    site.settle()
    return seconds, p95, errors, max(0, tally.done - _TICKETS)
