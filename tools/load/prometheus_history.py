"""How the shop did, from a Prometheus that watches it, where its metrics ports cannot be reached."""

from __future__ import annotations

import asyncio

from backend.telemetry.prometheus import Prometheus, PrometheusError, Series
from tools.console import Failure
from tools.load.watching import Moment

_STEP = 2.0  # seconds; of a run of less than two minutes there are still as many moments as are judged by
_OVER = "1m"  # of which rates are taken; four scrapes of fifteen seconds
_BACKENDS = "on(instance) group_left() max by (instance) (http_requests_total * 0 + 1)"
"""Joins a series of any process with those that answer customers."""

_QUERIES = (
    f"sum(rate(http_requests_total[{_OVER}]))",
    "sum(http_requests_in_flight)",
    f"max(rate(db_pool_busy_seconds_total[{_OVER}]) / db_pool_size * {_BACKENDS})",
    f"sum(rate(process_cpu_seconds_total[{_OVER}]) * {_BACKENDS})",
    f"sum(process_resident_memory_bytes * {_BACKENDS})",
)
_OF_ROOMS = (
    "max(waiting_room_waiting)",
    "max(waiting_room_inlet_per_second)",
    f"sum(rate(waiting_room_admitted_total[{_OVER}]))",
)
"""Both in the order of a Moment's fields. Where no room is, nobody tells of rooms."""


def recall(url: str, began: float, ended: float) -> list[Moment]:
    """From one moment to the other, in seconds since 1970. Failure when it cannot be asked."""
    try:
        return asyncio.run(_recall(url, began, ended))
    except PrometheusError as error:
        raise Failure(f"PROMETHEUS: {url}: {error}") from None


async def _recall(url: str, began: float, ended: float) -> list[Moment]:
    prometheus = Prometheus(url, seconds=30.0)
    try:
        ranges = [
            await prometheus.query_range(query, start=began, end=ended, step=_STEP) for query in _QUERIES + _OF_ROOMS
        ]
    finally:
        await prometheus.close()
    values = [_values(series) for series in ranges]
    moments = sorted(set.intersection(*(set(each) for each in values[: len(_QUERIES)])))
    return [Moment(at, *(each.get(at, 0.0) for each in values)) for at in moments]


def _values(series: tuple[Series, ...]) -> dict[float, float]:
    return dict(series[0].samples) if series else {}
