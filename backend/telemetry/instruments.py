"""Counters, gauges and histograms that cost next to nothing to change and are formatted only when scraped.

aioprometheus keeps the registry and writes the text. Its own instruments are not used: they serialise the labels to
JSON on every change (3 us), scan all buckets, take NaN for ever into a sum, and write label values unescaped, so that
one quote in a label makes Prometheus reject the whole scrape. Here a child is looked up once and kept by its caller,
label values are enumerated when the metric is made, and anything outside the enumeration is an error of ours.
"""

import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from aioprometheus import collectors
from aioprometheus.collectors import Registry

Sample = tuple[dict[str, Any], Any]

# What no duration or count of ours exceeds; keeps an infinity out of a sum, which it would never leave again.
_LARGEST = 1e9

_UNSAFE_IN_LABELS = frozenset('"\\\n\r')


class Counter:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def inc(self, amount: float = 1) -> None:
        self.value += amount

    def sample(self) -> float:
        return self.value


class Gauge:
    """A gauge without a value yet is not rendered: nobody has measured it, so it is not 0."""

    __slots__ = ("value",)

    def __init__(self, value: float | None = None) -> None:
        self.value = value

    def set(self, value: float) -> None:
        self.value = value

    def forget(self) -> None:
        """Nobody knows the value any more: better none, which is noticed, than an old one that looks well for ever."""
        self.value = None

    def sample(self) -> float | None:
        return self.value


class Histogram:
    """Counts an observation in its own bucket alone; the cumulated form is made when scraped."""

    __slots__ = ("_counts", "_edges", "_total")

    def __init__(self, edges: Sequence[float]) -> None:
        self._edges = tuple(map(float, edges))
        self._counts = [0] * (len(self._edges) + 1)
        self._total = 0.0

    def observe(self, value: float) -> None:
        """NaN and negative values count as 0, infinite ones as 1e9."""
        if not 0.0 <= value <= _LARGEST:
            value = _LARGEST if value > 0 else 0.0
        self._counts[bisect_left(self._edges, value)] += 1
        self._total += value

    @property
    def count(self) -> int:
        return sum(self._counts)

    def sample(self) -> dict[float | str, float]:
        buckets: dict[float | str, float] = dict(
            zip((*self._edges, float("inf")), itertools.accumulate(self._counts), strict=True)
        )
        return {**buckets, "sum": self._total, "count": buckets[float("inf")]}


Child = TypeVar("Child", Counter, Gauge, Histogram)


class Family(Generic[Child]):
    """One metric: a child for each combination of its label values."""

    def __init__(self, make: Callable[[], Child], names: Sequence[str]) -> None:
        self._make: Callable[[], Child] = make
        self._names = tuple(names)
        self._children: dict[tuple[str, ...], Child] = {}

    def labels(self, *values: str) -> Child:
        """The child with these label values, in the order of the names; KeyError when they were not enumerated."""
        return self._children[values]

    def add(self, *values: str) -> Child:
        """Enumerate one more combination; it starts at zero."""
        if len(values) != len(self._names) or any(_UNSAFE_IN_LABELS & set(value) for value in values):
            raise ValueError(f"{values!r} cannot be the labels {self._names!r}")
        return self._children.setdefault(values, self._make())

    def samples(self) -> Iterator[Sample]:
        for values, child in self._children.items():
            sample = child.sample()
            if sample is not None:
                yield dict(zip(self._names, values, strict=True)), sample

    def __len__(self) -> int:
        return len(self._children)


class _Counters(collectors.Counter):
    source: Callable[[], Iterator[Sample]]

    def get_all(self) -> list[Any]:
        return list(self.source())


class _Gauges(collectors.Gauge):
    source: Callable[[], Iterator[Sample]]

    def get_all(self) -> list[Any]:
        return list(self.source())


class _Histograms(collectors.Histogram):
    source: Callable[[], Iterator[Sample]]

    def get_all(self) -> list[Any]:
        return list(self.source())


Kind = type[_Counters | _Gauges | _Histograms]
_COLLECTORS: dict[type, Kind] = {Counter: _Counters, Gauge: _Gauges, Histogram: _Histograms}


def collect(registry: Registry, kind: type, name: str, doc: str, source: Callable[[], Iterator[Sample]]) -> None:
    """Have the registry ask `source` for the samples of this metric at each scrape."""
    collector = _COLLECTORS[kind](name, doc, registry=registry)
    collector.source = source


def _family(
    registry: Registry,
    make: Callable[[], Child],
    name: str,
    doc: str,
    labels: Mapping[str, Sequence[str]],
) -> Family[Child]:
    family = Family(make, tuple(labels))
    for values in itertools.product(*labels.values()):
        family.add(*values)
    collect(registry, type(make()), name, doc, family.samples)
    return family


def counters(registry: Registry, name: str, doc: str, **labels: Sequence[str]) -> Family[Counter]:
    """A counter for each combination of the given label values; more can be added."""
    return _family(registry, Counter, name, doc, labels)


def gauges(registry: Registry, name: str, doc: str, **labels: Sequence[str]) -> Family[Gauge]:
    return _family(registry, Gauge, name, doc, labels)


def histograms(
    registry: Registry, name: str, doc: str, edges: Sequence[float], **labels: Sequence[str]
) -> Family[Histogram]:
    return _family(registry, lambda: Histogram(edges), name, doc, labels)


def counter(registry: Registry, name: str, doc: str) -> Counter:
    """The only child of a counter without labels."""
    return counters(registry, name, doc).labels()


def gauge(registry: Registry, name: str, doc: str) -> Gauge:
    return gauges(registry, name, doc).labels()


def histogram(registry: Registry, name: str, doc: str, edges: Sequence[float]) -> Histogram:
    return histograms(registry, name, doc, edges).labels()
