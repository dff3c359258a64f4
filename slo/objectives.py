"""What is measured for each objective: PromQL for its events and for the bad ones of them.

Only names and labels of the service's own metrics are matched, never a job or a namespace.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from slo.series import duration
from slo.spec import Spec

HTTP = "http_request_duration_seconds"
TICKETS = "payment_to_ticket_seconds"


@dataclass(frozen=True, slots=True)
class Objective:
    """One line of the promise; for each journey when `by_journey`.

    events, bad: PromQL in events a second, with {range} for the window of their rates, summed over all pods.
    events_per_second: what is expected at least, by journey ("" without one).
    """

    name: str
    title: str
    target: float
    events: str
    bad: str
    by_journey: bool
    events_per_second: dict[str, float]
    can_page: bool = True

    @property
    def budget(self) -> float:
        """Share of events that may be bad."""
        return round(1 - self.target, 12)

    @property
    def in_slices(self) -> bool:
        """Whether its events are slices of time, of the same length whatever the window."""
        return "{range}" not in self.events

    def events_over(self, window: timedelta) -> str:
        return self.events.format(range=duration(window))

    def bad_over(self, window: timedelta) -> str:
        return self.bad.format(range=duration(window))


def objectives(spec: Spec) -> tuple[Objective, ...]:
    """All of them, in the order of slo.yaml. The advisory ones are not here: nothing is spent when they are missed."""
    return (_availability(spec), *_latencies(spec), _saturation(spec), _tickets(spec))


def _availability(spec: Spec) -> Objective:
    """Where no series of bad requests exists, none was bad; without that, a perfect journey would not be measured."""
    events = f'sum by (journey) (rate({HTTP}_count{{{{outcome=~"good|bad"}}}}[{{range}}]))'
    availability = spec.objectives.availability
    return Objective(
        name=availability.name,
        title=availability.title,
        target=availability.target,
        events=events,
        bad=f'sum by (journey) (rate({HTTP}_count{{{{outcome="bad"}}}}[{{range}}])) or 0 * {events}',
        by_journey=True,
        events_per_second=dict(spec.traffic.journeys),
    )


def _latencies(spec: Spec) -> Iterator[Objective]:
    """Of the requests answered well: a fast error earns no credit, and the client's own limit no blame.

    A missing bucket makes the objective unmeasured, not perfect: nothing is filled in for it.
    """
    for latency in spec.objectives.latency:
        events = f'sum by (journey) (rate({HTTP}_count{{{{outcome="good"}}}}[{{range}}]))'
        # Label values are written as floats are, which is what both majors of Prometheus keep.
        fast = f'sum by (journey) (rate({HTTP}_bucket{{{{outcome="good",le="{float(latency.under)!r}"}}}}[{{range}}]))'
        yield Objective(
            name=latency.name,
            title=latency.title,
            target=latency.target,
            events=events,
            bad=f"clamp_min({events} - {fast}, 0)",
            by_journey=True,
            events_per_second=dict(spec.traffic.journeys),
        )


def _saturation(spec: Spec) -> Objective:
    """An event is a slice of time; it is bad when the busiest pod's connections were in use for too much of it."""
    saturation = spec.objectives.saturation
    slice_seconds = saturation.slice.total_seconds()
    busiest = f"max(rate(db_pool_busy_seconds_total[{duration(saturation.slice)}]) / (db_pool_size > 0))"
    return Objective(
        name=saturation.name,
        title=saturation.title,
        target=saturation.target,
        events=f"(0 * {busiest} + 1) / {slice_seconds:g}",
        bad=f"({busiest} > bool {saturation.busy:g}) / {slice_seconds:g}",
        by_journey=False,
        events_per_second={"": 1 / slice_seconds},
        can_page=saturation.can_page,
    )


def _tickets(spec: Spec) -> Objective:
    tickets = spec.objectives.tickets
    events = f"sum(rate({TICKETS}_count[{{range}}]))"
    fast = f'sum(rate({TICKETS}_bucket{{{{le="{float(tickets.under)!r}"}}}}[{{range}}]))'
    return Objective(
        name=tickets.name,
        title=tickets.title,
        target=tickets.target,
        events=events,
        bad=f"clamp_min({events} - {fast}, 0)",
        by_journey=False,
        events_per_second={"": spec.traffic.payments},
    )
