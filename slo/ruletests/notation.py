"""Lists of values in promtool's notation: a+bxn is a value and n more, each greater by b."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

# Close to 0 Prometheus takes a counter for a young one, and guesses less into its past.
_BEFORE = 1e7

# Counted in parts that a float adds up exactly: a sum that is off by a rounding would look like a counter's restart.
_PART = 1 / 1024


def counter(increments: Sequence[float], restarts: Collection[int] = ()) -> str:
    """A counter that has counted before and grows by these; at a restart it is 0, as that of a new process."""
    return " ".join(_growing([round(each / _PART) * _PART for each in increments], restarts))


def gauge(values: Sequence[float | None]) -> str:
    """None is a scrape without the series."""
    return " ".join(_steady(values))


def _growing(increments: Sequence[float], restarts: Collection[int]) -> Iterator[str]:
    value = _BEFORE
    yield _text(value)
    steps = ((increment, index in restarts) for index, increment in enumerate(increments))
    for (increment, restarted), group in groupby(steps):
        count = len(list(group))
        if restarted:
            yield f"0+0x{count - 1}"
            value = 0.0
        else:
            yield f"{_text(value + increment)}+{_text(increment)}x{count - 1}"
            value += increment * count


def _steady(values: Sequence[float | None]) -> Iterator[str]:
    for value, group in groupby(values):
        count = len(list(group))
        yield f"_x{count}" if value is None else f"{_text(value)}+0x{count - 1}"


def _text(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
