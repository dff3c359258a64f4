"""A shop's life as phases, and the series that Prometheus would see of it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from slo.objectives import HTTP, TICKETS
from slo.ruletests.model import STEP, Series
from slo.ruletests.notation import counter, gauge
from slo.spec import Spec

_FAST = 0.05  # seconds: how long everything takes that is not said to be slow
POOL_SIZE = 10


@dataclass(frozen=True, slots=True)
class Phase:
    """Steady traffic for some minutes.

    bad: share of answers that are errors. slow: of the others, duration in seconds -> share.
    """

    minutes: int
    per_second: float
    bad: float = 0.0
    slow: Mapping[float, float] = field(default_factory=dict)

    def slower_than(self, edge: float) -> float:
        """Share of the answers without error."""
        return sum(share for seconds, share in self.slow.items() if seconds > edge)


Life = Sequence[Phase]


@dataclass(frozen=True, slots=True)
class Lives:
    """All that happens at once. busy: share of the pool's time in each minute. restarts: minutes, by journey."""

    journeys: Mapping[str, Life]
    payments: Life
    busy: Sequence[float]
    restarts: Mapping[str, Collection[int]] = field(default_factory=dict)


def minutes(life: Life) -> int:
    return sum(phase.minutes for phase in life)


def parts(life: Life, under: float | None) -> tuple[list[float], list[float]]:
    """Events and bad ones of each minute, as an objective with that threshold counts them; None: errors are bad."""
    events: list[float] = []
    bad: list[float] = []
    for phase in life:
        every = phase.per_second * STEP
        good = every * (1 - phase.bad)
        counted, wrong = (every, every - good) if under is None else (good, good * phase.slower_than(under))
        events += [counted] * phase.minutes
        bad += [wrong] * phase.minutes
    return events, bad


def journey_series(spec: Spec, journey: str, life: Life, restarts: Collection[int] = ()) -> Iterator[Series]:
    labels = {"journey": journey, "instance": "backend-1"}
    errors = [phase.per_second * STEP * phase.bad for phase in life for _ in range(phase.minutes)]
    yield from histogram(HTTP, labels | {"outcome": "good"}, spec.buckets.seconds, life, restarts)
    yield Series(name(f"{HTTP}_count", labels | {"outcome": "bad"}), counter(errors, restarts))
    yield Series(name(f"{HTTP}_count", labels | {"outcome": "excluded"}), counter([0] * len(errors), restarts))


def payment_series(spec: Spec, life: Life) -> Iterator[Series]:
    yield from histogram(TICKETS, {"instance": "backend-1"}, spec.buckets.tickets, life)


def pool_series(busy: Sequence[float], instance: str = "backend-1") -> Iterator[Series]:
    """busy: share of the connections' time in each minute."""
    labels = {"instance": instance}
    used = [ratio * POOL_SIZE * STEP for ratio in busy]
    yield Series(name("db_pool_busy_seconds_total", labels), counter(used))
    yield Series(name("db_pool_size", labels), gauge([POOL_SIZE] * (len(busy) + 1)))


def histogram(
    metric: str, labels: Mapping[str, str], edges: Sequence[float], life: Life, restarts: Collection[int] = ()
) -> Iterator[Series]:
    """Of the answers without error."""
    counts = [(phase, phase.per_second * STEP * (1 - phase.bad)) for phase in life for _ in range(phase.minutes)]
    for edge in edges:
        within = [0.0 if edge < _FAST else round(count * (1 - phase.slower_than(edge)), 9) for phase, count in counts]
        yield Series(name(f"{metric}_bucket", {**labels, "le": repr(float(edge))}), counter(within, restarts))
    every = counter([count for _, count in counts], restarts)
    yield Series(name(f"{metric}_bucket", {**labels, "le": "+Inf"}), every)
    yield Series(name(f"{metric}_count", labels), every)


def name(metric: str, labels: Mapping[str, str]) -> str:
    inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{metric}{{{inside}}}" if inside else metric
