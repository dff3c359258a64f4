"""A ticket shop's traffic: quiet for weeks, then a rush in which much goes wrong. What is recorded must weigh it.

An average of five-minute ratios gives each of them the same weight, so that 28 quiet days hide the rush; a rule that
divides without care gives NaN for the idle nights, and then for the whole window.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from slo import series as recorded
from slo.objectives import Objective, objectives
from slo.ruletests.model import STEP, Holds, Series, World
from slo.ruletests.notation import gauge
from slo.ruletests.traffic import Phase, journey_series, minutes, name, parts
from slo.spec import Spec

_IDLE = (40, 60)  # minutes
_CLOSE = 0.01
_SHORT = 300  # seconds between the samples of the long world


def worlds(spec: Spec) -> Iterator[World]:
    yield _rush(spec)
    yield _whole_window(spec)


def _rush(spec: Spec) -> World:
    """From the service's own counters, for two hours."""
    journey, availability = next(iter(spec.journeys)), objectives(spec)[0]
    life = [
        Phase(_IDLE[0], 0.2, bad=0.01),
        Phase(_IDLE[1] - _IDLE[0], 0),
        Phase(5, 400, bad=0.5),
        Phase(5, 100, bad=0.1),
        Phase(50, 0.2, bad=0.01),
    ]
    events, bad = parts(life, None)
    share, last = sum(bad) / sum(events), minutes(life)
    measured = timedelta(minutes=last) / spec.window
    which = name("", {"slo": availability.name, "journey": journey})
    short = f"{recorded.error_ratio(spec.sample_window)}{which}"
    coverage = f"{recorded.COVERAGE}{which}"
    return World(
        f"a rush in a quiet hour: {share:.1%} of all requests failed, and all windows say so",
        tuple(journey_series(spec, journey, life)),
        (
            *(Holds(_near(f"{recorded.error_ratio(window)}{which}", share), last) for window in _long(spec)),
            *_judged(spec, availability, which, share, last),
            # What is not done: the average of the short ratios does not even see half of it.
            Holds(f"count(avg_over_time({short}[{last}m]) < {share / 2!r})", last),
            # Nobody came for longer than the shortest window: that is no ratio, neither 0 nor NaN.
            Holds(f"count(absent({short}))", _IDLE[1] - 1),
            # Measured from the second sample on, and counted by evaluations.
            Holds(f"count(abs({coverage} / {measured!r} - 1) < {1 / 20!r})", last),
        ),
    )


def _whole_window(spec: Spec) -> World:
    """As long as the window, from five-minute records; evaluated at its end alone, as that takes its time."""
    journey, availability = next(iter(spec.journeys)), objectives(spec)[0]
    night, day = [(0.0, 0.0)] * 84, [(0.5, 0.0005)] * 204  # of a day's 288 samples: events and bad ones a second
    rush = [(400.0, 0.46 * 400)] * 4 + [(60.0, 0.1 * 60)] * 8
    days = spec.window // timedelta(days=1)
    samples = [*(night + day) * (days // 2), *night, *day[: -len(rush)], *rush, *(night + day) * (days - days // 2 - 1)]
    share = sum(bad for _, bad in samples) / sum(events for events, _ in samples)
    averaged = [bad / events for events, bad in samples if events]
    labels = {"slo": availability.name, "journey": journey}
    which, last = name("", labels), len(samples) * _SHORT // STEP
    series = [_recorded(recorded.events(spec.sample_window), labels, [events for events, _ in samples])]
    series.append(_recorded(recorded.bad(spec.sample_window), labels, [bad for _, bad in samples]))
    ratio = f"{recorded.error_ratio(spec.window)}{which}"
    return World(
        f"{days} days with one rush: {share:.1%} of all requests failed, the average of the short ratios would be "
        f"{sum(averaged) / len(averaged):.1%}, and with the nights it would be no number at all",
        tuple(series),
        (Holds(_near(ratio, share), last), *_judged(spec, availability, which, share, last)),
        evaluation=last * STEP,
        step=_SHORT,
    )


def _judged(spec: Spec, objective: Objective, which: str, share: float, last: int) -> Iterator[Holds]:
    """The burn rate and the budget left follow from the share."""
    burn = share / objective.budget
    yield Holds(_near(f"{recorded.burn_rate(spec.window)}{which}", burn), last)
    yield Holds(_near(f"(1 - {recorded.BUDGET_LEFT}{which})", burn), last)


def _long(spec: Spec) -> list[timedelta]:
    """Windows that hold all of two hours, asked from the raw series and summed."""
    return [
        time
        for time in (*(window.long for window in spec.alerting.windows), spec.window)
        if time.days or time.seconds > 7200
    ]


def _near(expr: str, value: float) -> str:
    return f"count(abs({expr} / {value!r} - 1) < {_CLOSE})"


def _recorded(metric: str, labels: dict[str, str], values: Sequence[float]) -> Series:
    return Series(name(metric, labels), gauge([0.0, *values]))
