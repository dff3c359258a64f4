"""How the shop does while it is loaded: a scrape every second, and a line now and then for whoever waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tools.console import Failure, step
from tools.load.exposition import Reading, read, sum_of

_EVERY = 1.0  # seconds; a scrape costs the backend a hundredth of that
_TOLD_EVERY = 10.0


@dataclass(frozen=True)
class Moment:
    """at: seconds since 1970. busy: share of the database pool in use. cpu: cores in use. memory: in bytes."""

    at: float
    requests_per_second: float
    in_flight: float
    busy: float
    cpu: float
    memory: float


@dataclass
class Watched:
    """moments: since the second scrape. before, after: what the counters said, None where nobody could ask."""

    moments: list[Moment] = field(default_factory=list)
    before: Reading | None = None
    after: Reading | None = None


@contextmanager
def watching(metrics: Sequence[str]) -> Iterator[Watched]:
    """Watch the backends with these metrics ports until the block ends. Failure when one cannot be reached at first."""
    watched = Watched(before=read(metrics) if metrics else None)
    ended = threading.Event()
    thread = threading.Thread(target=_watch, args=(metrics, watched, ended), name="watching", daemon=True)
    thread.start()
    try:
        yield watched
    finally:
        ended.set()
        thread.join()
    watched.after = read(metrics) if metrics else None


def _watch(metrics: Sequence[str], watched: Watched, ended: threading.Event) -> None:
    began = told = time.monotonic()
    last, last_at = watched.before, time.time()
    while not ended.wait(_EVERY):
        if last is not None:
            try:
                now, at = read(metrics), time.time()
            except Failure:  # it is too busy to say how busy it is
                continue
            watched.moments.append(_moment(last, last_at, now, at))
            last, last_at = now, at
        if time.monotonic() - told >= _TOLD_EVERY:
            told = time.monotonic()
            step(f"  {_said(watched.moments)}" if watched.moments else f"  since {told - began:.0f} s")


def _moment(last: Reading, last_at: float, now: Reading, at: float) -> Moment:
    def rate(name: str) -> float:
        return max(0.0, sum_of(now, name) - sum_of(last, name)) / (at - last_at)

    return Moment(
        at=at,
        requests_per_second=rate("http_requests_total"),
        in_flight=sum_of(now, "http_requests_in_flight"),
        busy=rate("db_pool_busy_seconds_total") / max(1.0, sum_of(now, "db_pool_size")),
        cpu=rate("process_cpu_seconds_total"),
        memory=sum_of(now, "process_resident_memory_bytes"),
    )


def _said(moments: Sequence[Moment]) -> str:
    latest = moments[-int(_TOLD_EVERY) :]
    rate = sum(moment.requests_per_second for moment in latest) / len(latest)
    busy = max(moment.busy for moment in latest)
    return f"{rate:,.0f} requests a second, pool up to {busy:.0%} busy, {moments[-1].memory / 2**20:,.0f} MiB"
