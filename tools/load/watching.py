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
    """at: seconds since 1970. busy: share of the database pool in use. cpu: cores in use. memory: in bytes.

    waiting: people in waiting rooms. inlet, admitted: admissions a second that were allowed, and that were made.
    """

    at: float
    requests_per_second: float
    in_flight: float
    busy: float
    cpu: float
    memory: float
    waiting: float = 0.0
    inlet: float = 0.0
    admitted: float = 0.0


@dataclass
class Watched:
    """moments: since the second scrape. before, after: what the counters said, None where nobody could ask."""

    moments: list[Moment] = field(default_factory=list)
    before: Reading | None = None
    after: Reading | None = None


@dataclass(frozen=True)
class _Look:
    at: float
    backends: Reading
    workers: Reading


@contextmanager
def watching(metrics: Sequence[str], workers: Sequence[str] = ()) -> Iterator[Watched]:
    """Watch the backends with these metrics ports until the block ends. Failure when one cannot be reached at first.

    workers: metrics ports of those who govern the waiting rooms.
    """
    first = _look(metrics, workers) if metrics else None
    watched = Watched(before=first.backends if first else None)
    ended = threading.Event()
    arguments = (metrics, workers, watched, first, ended)
    thread = threading.Thread(target=_watch, args=arguments, name="watching", daemon=True)
    thread.start()
    try:
        yield watched
    finally:
        ended.set()
        thread.join()
    watched.after = read(metrics) if metrics else None


def _look(metrics: Sequence[str], workers: Sequence[str]) -> _Look:
    return _Look(time.time(), read(metrics), read(workers))


def _watch(
    metrics: Sequence[str], workers: Sequence[str], watched: Watched, last: _Look | None, ended: threading.Event
) -> None:
    began = told = time.monotonic()
    while not ended.wait(_EVERY):
        if last is not None:
            try:
                now = _look(metrics, workers)
            except Failure:  # it is too busy to say how busy it is
                continue
            watched.moments.append(_moment(last, now))
            last = now
        if time.monotonic() - told >= _TOLD_EVERY:
            told = time.monotonic()
            step(f"  {_said(watched.moments)}" if watched.moments else f"  since {told - began:.0f} s")


def _moment(last: _Look, now: _Look) -> Moment:
    def rate(name: str) -> float:
        return max(0.0, sum_of(now.backends, name) - sum_of(last.backends, name)) / (now.at - last.at)

    admitted = sum_of(now.workers, "waiting_room_admitted_total") - sum_of(last.workers, "waiting_room_admitted_total")
    return Moment(
        at=now.at,
        requests_per_second=rate("http_requests_total"),
        in_flight=sum_of(now.backends, "http_requests_in_flight"),
        busy=rate("db_pool_busy_seconds_total") / max(1.0, sum_of(now.backends, "db_pool_size")),
        cpu=rate("process_cpu_seconds_total"),
        memory=sum_of(now.backends, "process_resident_memory_bytes"),
        waiting=sum_of(now.workers, "waiting_room_waiting"),
        inlet=sum_of(now.workers, "waiting_room_inlet_per_second"),
        admitted=max(0.0, admitted) / (now.at - last.at),
    )


def _said(moments: Sequence[Moment]) -> str:
    latest = moments[-int(_TOLD_EVERY) :]
    rate = sum(moment.requests_per_second for moment in latest) / len(latest)
    busy = max(moment.busy for moment in latest)
    return f"{rate:,.0f} requests a second, pool up to {busy:.0%} busy, {moments[-1].memory / 2**20:,.0f} MiB"
