"""When an alert has to fire, worked out from minute to minute by counting, without PromQL.

Close to a threshold the answer depends on scrapes and rounding. So everything is worked out twice, with thresholds a
little higher and a little lower, and only minutes where both agree are tested.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate, groupby

from backend.telemetry.promise_sections import BurnWindow, Severity
from slo import series
from slo.objectives import Objective
from slo.rules.burn import alert_name, can_fire
from slo.rules.recording import is_summed, windows
from slo.ruletests.model import STEP, Check, Fires, Holds, Silent
from slo.ruletests.traffic import name
from slo.spec import Spec

_STRICT, _LAX = 1.1, 0.9
_CLOSE = 0.1  # how exactly a ratio is compared while it changes: rates and sums may take in a sample more or less
_NOTHING = 1e-6
_MARGIN = 3  # minutes: a scrape and two evaluations

Condition = Callable[[float, int], bool]
"""(factor on the thresholds, minute) -> whether the alert's expression holds."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Events and bad ones of one objective, and journey, in each minute."""

    objective: Objective
    labels: dict[str, str]
    events: Sequence[float]
    bad: Sequence[float]


@dataclass(frozen=True, slots=True)
class Watch:
    """An alert with these labels. lasting: its `for`."""

    alert: str
    severity: Severity
    lasting: timedelta
    labels: dict[str, str]


def burn_checks(spec: Spec, stream: Stream) -> Iterator[Check]:
    """Of both alerts on the objective's budget."""
    burning = Burning(spec, stream)
    lasting: dict[Severity, timedelta] = {"page": spec.alerting.for_.page, "ticket": spec.alerting.for_.ticket}
    for severity, time in lasting.items():
        pairs = [each for each in spec.alerting.of(severity) if can_fire(stream.objective, each)]
        if pairs:
            labels = {"slo": stream.objective.name} | stream.labels
            watch = Watch(alert_name(stream.objective, severity), severity, time, labels)
            yield from checks(spec, watch, burning.condition(pairs), len(stream.events))


def ratio_checks(spec: Spec, stream: Stream, minutes: Sequence[int]) -> Iterator[Holds]:
    """Of every window on its own; not where a window begins just when things change, which one sample more decides."""
    burning = Burning(spec, stream)
    which = name("", {"slo": stream.objective.name} | stream.labels)
    for window in windows(spec):
        for minute in minutes:
            near = [burning.share(window + timedelta(seconds=more), minute) for more in (-STEP, 0, STEP)]
            share = near[1]
            if share is not None and all(abs((each or 0) - share) <= share * _CLOSE / 2 for each in near):
                recorded = f"{series.error_ratio(window)}{which}"
                yield Holds(f"count(abs({recorded} - {share:.6g}) <= {share * _CLOSE + _NOTHING:.6g})", minute)


def checks(spec: Spec, watch: Watch, condition: Condition, length: int) -> Iterator[Check]:
    """At both ends of each time that it fires, and all through each time that it does not."""
    kept = spec.alerting.keep_firing.page if watch.severity == "page" else spec.alerting.keep_firing.ticket
    surely, perhaps = (
        firing([condition(factor, minute) for minute in range(length)], _steps(watch.lasting), _steps(kept))
        for factor in (_STRICT, _LAX)
    )
    first = 0
    for fires, run in groupby(_known(surely, perhaps, minute) for minute in range(length)):
        last = first + len(list(run)) - 1
        if fires:
            yield from (Fires(watch.alert, watch.labels, minute) for minute in sorted({first, last}))
        elif fires is not None:
            yield Silent(watch.alert, watch.labels, first, last)
        first = last + 1


def firing(holds: Sequence[bool], lasting: int, keep: int) -> list[bool]:
    """From where the condition holds to where the alert fires: only after a while, and for a while longer."""
    fires, since, last = [], None, None
    for minute, held in enumerate(holds):
        since = (minute if since is None else since) if held else None
        if since is not None and (last is not None or minute - since >= lasting):  # it fires still, or from now on
            last = minute
        if last is not None and minute - last > keep:
            last = None
        fires.append(last is not None)
    return fires


def _known(surely: Sequence[bool], perhaps: Sequence[bool], minute: int) -> bool | None:
    """Whether it fires, None where a little more or less would change that."""
    near = range(max(minute - _MARGIN, 0), min(minute + _MARGIN + 1, len(surely)))
    if all(surely[each] for each in near):
        return True
    return None if any(perhaps[each] for each in near) else False


def _steps(time: timedelta) -> int:
    return round(time.total_seconds() / STEP)


class Burning:
    """How fast one budget goes, in any window that ends at any minute."""

    def __init__(self, spec: Spec, stream: Stream) -> None:
        self._spec = spec
        self._objective = stream.objective
        self._raw = _Sums(stream.events, stream.bad)
        sample = _steps(spec.sample_window)
        rates = [self._raw.over(minute, sample) for minute in range(len(stream.events))]
        scale = 1 / sample
        self._sampled = _Sums([events * scale for events, _ in rates], [bad * scale for _, bad in rates])
        if stream.objective.in_slices:  # its minutes are samples already: of a slice that ends there
            self._sampled = self._raw

    def condition(self, pairs: Sequence[BurnWindow]) -> Condition:
        return lambda factor, minute: any(self._holds(pair, factor, minute) for pair in pairs)

    def share(self, window: timedelta, minute: int) -> float | None:
        """Of bad events in the window that ends at that minute; None without any events."""
        events, bad = self._over(window, minute)
        return bad / events if events else None

    def _holds(self, window: BurnWindow, factor: float, minute: int) -> bool:
        budget = self._objective.budget
        long_events, long_bad = self._over(window.long, minute)
        short_events, short_bad = self._over(window.short, minute)
        threshold = window.burn * budget * factor
        return (
            long_bad > threshold * long_events > 0
            and short_bad > threshold * short_events > 0
            and long_bad >= self._spec.alerting.minimum_bad_events * factor
        )

    def _over(self, window: timedelta, minute: int) -> tuple[float, float]:
        sums = self._sampled if is_summed(self._objective, window) else self._raw
        return sums.over(minute, _steps(window))


class _Sums:
    def __init__(self, events: Sequence[float], bad: Sequence[float]) -> None:
        self._events = [0.0, *accumulate(events)]
        self._bad = [0.0, *accumulate(bad)]

    def over(self, minute: int, steps: int) -> tuple[float, float]:
        """Of the steps that end at that minute; before the first there was nothing."""
        start = max(minute - steps, 0)
        return self._events[minute] - self._events[start], self._bad[minute] - self._bad[start]
