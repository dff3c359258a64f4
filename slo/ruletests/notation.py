"""Lists of values in promtool's notation: a+bxn is a value and n more, each greater by b."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby


def counter(increments: Sequence[float], restarts: Collection[int] = ()) -> str:
    """A counter from 0 that grows by these; at a restart it is 0 again, as that of a new process."""
    return " ".join(_growing(increments, restarts))


def gauge(values: Sequence[float | None]) -> str:
    """None is a scrape without the series."""
    return " ".join(_steady(values))


def _growing(increments: Sequence[float], restarts: Collection[int]) -> Iterator[str]:
    yield "0"
    value = 0.0
    steps = ((increment, index in restarts) for index, increment in enumerate(increments))
    for (increment, restarted), group in groupby(steps):
        count = len(list(group))
        if restarted:
            yield f"0+0x{count - 1}"
            value = 0.0
        else:
            yield f"{value + increment:.10g}+{increment:.10g}x{count - 1}"
            value += increment * count


def _steady(values: Sequence[float | None]) -> Iterator[str]:
    for value, group in groupby(values):
        count = len(list(group))
        yield f"_x{count}" if value is None else f"{value:.10g}+0x{count - 1}"
