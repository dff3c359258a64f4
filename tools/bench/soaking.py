"""Whether memory stays flat while customers buy, minute after minute."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle

from tools.bench.cpu import resident_bytes
from tools.bench.crowd import Visit, for_seconds, send_in
from tools.bench.customers import CARD, Tally, booking, looking
from tools.bench.results import in_columns
from tools.bench.site import Site
from tools.console import step

_PARTS = 12
_MIB = 1 << 20
_WATCHED = ("backend", "worker", "provider")


@dataclass(frozen=True, slots=True)
class _Look:
    """bookings: so far. resident: MiB of each process."""

    seconds: float
    bookings: int
    resident: tuple[float, ...]


def soak(site: Site, seconds: float) -> str:
    """A Markdown table of resident memory after each part, and by how much the backend grew after the first third.

    Four customers look at events and buy, free and paid, so that all there is to do is done at a steady pace.
    """
    free, paid = (site.stock.publish(f"soak {price}", capacity=10_000_000, price=price)[0].id for price in (0, 4500))
    tally = Tally()
    looks: list[_Look] = []
    for number in range(1, _PARTS + 1):
        visits = _everything(free, paid, tally)
        send_in(site.port, visits, for_seconds(seconds / _PARTS)).demand(200, 201)
        resident = tuple(resident_bytes(site.pids[name]) / _MIB for name in _WATCHED)
        looks.append(_Look(number * seconds / _PARTS, tally.done, resident))
        step(f"  {looks[-1].seconds:.0f} s, {tally.done:,} bookings: backend {resident[0]:.1f} MiB")
    site.settle()
    site.check()
    lines = [(f"{look.seconds:.0f}", f"{look.bookings:,}", *(f"{mib:.1f}" for mib in look.resident)) for look in looks]
    settled = looks[_PARTS // 3 - 1]
    grown, bookings = looks[-1].resident[0] - settled.resident[0], looks[-1].bookings - settled.bookings
    verdict = f"After the first third the backend's memory changed by {grown:+.1f} MiB in {bookings:,} bookings."
    return f"{in_columns([('seconds', 'bookings', *(f'{name} MiB' for name in _WATCHED)), *lines])}\n\n{verdict}"


def _everything(free: int, paid: int, tally: Tally) -> list[Visit]:
    paths = cycle(["/api/events", f"/api/events/{free}", f"/api/events/{paid}"])
    return [booking(free, tally), booking(paid, tally, CARD), *(looking(next(paths)) for _ in range(2))]
