"""Worlds in which budgets burn, or only seem to. Each journey lives through something of its own."""

from collections.abc import Iterator, Sequence

from slo.objectives import Objective, objectives
from slo.rules.latency import QUANTILE_ALERT
from slo.ruletests.expected import Stream, Watch, burn_checks, checks, ratio_checks
from slo.ruletests.model import STEP, Check, Series, World
from slo.ruletests.traffic import Life, Lives, Phase, journey_series, minutes, parts, payment_series, pool_series
from slo.spec import Spec

_BUSY = 20.0  # requests a second: enough for every number of events that an alert asks for
_CALM = 70  # minutes, more than the shortest of the long windows
_LENGTH = 150


def worlds(spec: Spec) -> Iterator[World]:
    first, second, *_ = (*spec.journeys, "nobody")
    yield _world(
        spec,
        f"{first} fails for a quarter of an hour and recovers, {second} has a spike of errors, the others lose their "
        "budget slowly; tickets come late, and the pool is saturated",
        Lives(
            journeys=_each(spec, _outage(), _spike(spec), _slow_burn(spec)),
            payments=_late_tickets(spec),
            busy=[0.5] * 40 + [1.0] * (_LENGTH - 40),
        ),
    )
    yield _world(
        spec,
        f"{first} is idle, {second} has one error in 20 requests, the others restart; few payments, one of them late, "
        "and a pool with a busy moment: all is silent",
        Lives(
            journeys=_each(spec, _idle(), _few(), _within_budget(spec)),
            payments=_few_payments(spec),
            busy=_moment(spec),
            restarts=dict.fromkeys(list(spec.journeys)[2:], (_CALM, _CALM + 20)),
        ),
    )
    yield _world(
        spec,
        f"{first} is slow but up, {second} has a slow tail, the others keep their objective; no payments",
        Lives(
            journeys=_each(spec, _slow(spec), _tail(spec), _within_budget(spec)),
            payments=[Phase(_LENGTH, 0)],
            busy=[spec.objectives.saturation.busy * 0.8] * _LENGTH,
        ),
    )


def _each(spec: Spec, *lives: Life) -> dict[str, Life]:
    """A life for each journey; the last one for all that are left."""
    return {journey: lives[min(number, len(lives) - 1)] for number, journey in enumerate(spec.journeys)}


def _world(spec: Spec, about: str, lives: Lives) -> World:
    series: list[Series] = [*payment_series(spec, lives.payments), *pool_series(lives.busy)]
    found: list[Check] = []
    for journey, life in lives.journeys.items():
        series += journey_series(spec, journey, life, lives.restarts.get(journey, ()))
        found += _quantile_checks(spec, journey, life)
    for objective in objectives(spec):
        for stream in _streams(spec, objective, lives):
            found += [*burn_checks(spec, stream), *ratio_checks(spec, stream, (_CALM + 14, _LENGTH - 1))]
    return World(about, tuple(series), tuple(found))


def _streams(spec: Spec, objective: Objective, lives: Lives) -> Iterator[Stream]:
    under = _thresholds(spec).get(objective.name)
    if objective.by_journey:
        for journey, life in lives.journeys.items():
            yield Stream(objective, {"journey": journey}, *parts(life, under))
    elif objective.in_slices:
        yield Stream(objective, {}, *_slices(spec, lives.busy))
    else:
        yield Stream(objective, {}, *parts(lives.payments, under))


def _thresholds(spec: Spec) -> dict[str, float]:
    latencies = {latency.name: latency.under for latency in spec.objectives.latency}
    return latencies | {spec.objectives.tickets.name: spec.objectives.tickets.under}


def _slices(spec: Spec, busy: Sequence[float]) -> tuple[list[float], list[float]]:
    """The slice that ends at each minute, and whether it is a bad one; each counts for a minute."""
    saturation = spec.objectives.saturation
    steps = round(saturation.slice.total_seconds() / STEP)
    bad = []
    for minute in range(len(busy)):
        latest = busy[max(minute - steps, 0) : minute]
        bad.append((sum(latest) / steps > saturation.busy) / steps)
    return [1 / steps] * len(busy), bad


def _quantile_checks(spec: Spec, journey: str, life: Life) -> Iterator[Check]:
    latency, rule = spec.objectives.latency[0], spec.alerting.slow_quantile
    events, bad = parts(life, latency.under)
    short = round(spec.sample_window.total_seconds() / STEP)
    long = short + round(rule.for_.total_seconds() / STEP)

    def condition(factor: float, minute: int) -> bool:
        recent, slow = sum(events[max(minute - short, 0) : minute]), sum(bad[max(minute - short, 0) : minute])
        enough = sum(events[max(minute - long, 0) : minute]) >= rule.minimum_requests * factor
        return slow > recent * (1 - latency.target) * factor and enough

    watch = Watch(QUANTILE_ALERT, "ticket", rule.for_, {"journey": journey})
    return checks(spec, watch, condition, minutes(life))


def _outage() -> Life:
    """Nothing works, then everything again."""
    return [Phase(_CALM, _BUSY), Phase(15, _BUSY, bad=1.0), Phase(_LENGTH - _CALM - 15, _BUSY)]


def _spike(spec: Spec) -> Life:
    """One minute's errors, too few for any page to care."""
    page = min(window.burn * min(window.long.total_seconds(), _CALM * 60) / 60 for window in spec.alerting.of("page"))
    bad = min(page * (1 - spec.objectives.availability.target) / 2, 1.0)
    return [Phase(_CALM, _BUSY), Phase(1, _BUSY, bad=bad), Phase(_LENGTH - _CALM - 1, _BUSY)]


def _slow_burn(spec: Spec) -> Life:
    """A little too fast from the start: by the end of the window the budget would be overspent."""
    slowest = min(window.burn for window in spec.alerting.of("ticket"))
    return [Phase(_LENGTH, _BUSY, bad=1.5 * slowest * (1 - spec.objectives.availability.target))]


def _within_budget(spec: Spec) -> Life:
    """Half of what every objective allows."""
    bad = (1 - spec.objectives.availability.target) / 2
    slowest = max(spec.objectives.latency, key=lambda latency: latency.under)
    return [Phase(_LENGTH, _BUSY, bad=bad, slow={slowest.under * 1.1: (1 - slowest.target) / 2})]


def _idle() -> Life:
    return [Phase(_LENGTH, 0)]


def _few() -> Life:
    """20 requests, one of them an error: 5 % bad, and nothing to get up for."""
    return [Phase(40, 0), Phase(19, 1 / STEP), Phase(1, 1 / STEP, bad=1.0), Phase(_LENGTH - 60, 0)]


def _slow(spec: Spec) -> Life:
    """Every answer comes too late for the first latency objective, and none is an error."""
    first = spec.objectives.latency[0].under
    return [Phase(_CALM - 10, _BUSY), Phase(60, _BUSY, slow={first * 1.1: 1.0}), Phase(_LENGTH - _CALM - 50, _BUSY)]


def _tail(spec: Spec) -> Life:
    """A share of the answers takes longer than the slowest threshold: half as many again as the quickest page needs."""
    slowest = max(spec.objectives.latency, key=lambda latency: latency.under)
    share = min(1.5 * max(window.burn for window in spec.alerting.of("page")) * (1 - slowest.target), 1.0)
    slow = {slowest.under * 1.1: share}
    return [Phase(_CALM, _BUSY), Phase(60, _BUSY, slow=slow), Phase(_LENGTH - _CALM - 60, _BUSY)]


def _moment(spec: Spec) -> list[float]:
    """The pool full for a minute, and half of what it may be for the rest: no slice of time is a bad one."""
    usual = spec.objectives.saturation.busy / 2
    return [usual] * 60 + [1.0] + [usual] * (_LENGTH - 61)


def _late_tickets(spec: Spec) -> Life:
    late = {spec.objectives.tickets.under * 1.1: 1.0}
    return [Phase(_CALM, 1), Phase(30, 1, slow=late), Phase(_LENGTH - _CALM - 30, 1)]


def _few_payments(spec: Spec) -> Life:
    late = {spec.objectives.tickets.under * 1.1: 1.0}
    return [Phase(40, 0), Phase(19, 1 / STEP), Phase(1, 1 / STEP, slow=late), Phase(_LENGTH - 60, 0)]
