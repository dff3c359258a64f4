"""Every pair of windows on its own, at its very threshold: joined by `or`, one that is wrong hides behind the others.

What the recording rules would write is given, so that the pair alone has something to look at.
"""

from collections.abc import Iterator
from typing import NamedTuple

from backend.telemetry.promise_sections import BurnWindow
from slo import series as recorded
from slo.objectives import objectives
from slo.rules.burn import alert_name, can_fire
from slo.ruletests.model import Check, Series, World
from slo.ruletests.notation import gauge
from slo.ruletests.simple import Span, span_checks, steps
from slo.ruletests.traffic import name
from slo.spec import Spec

_ABOVE, _BELOW = 1.01, 0.99


class _Case(NamedTuple):
    """Factors on what the long window, the short one and the number of bad events must reach."""

    what: str
    long: float = _ABOVE
    short: float = _ABOVE
    number: float = _ABOVE

    @property
    def fires(self) -> bool:
        return min(self.long, self.short, self.number) > 1


_CASES = (
    _Case("burns"),
    _Case("was burning no longer", long=_BELOW),
    _Case("has stopped burning", short=_BELOW),
    _Case("lacks events", number=_BELOW),
)


def worlds(spec: Spec) -> Iterator[World]:
    length = steps(spec.alerting.for_.ticket) + 10
    for objective in objectives(spec):
        series: list[Series] = []
        found: list[Check] = []
        for window in spec.alerting.windows:
            for case in _CASES:
                labels = {"slo": objective.name, "journey": f"{recorded.duration(window.long)} {case.what}"}
                series += _given(spec, window, case, labels, length)
                if can_fire(objective, window):
                    span = Span(alert_name(objective, window.severity), 0, length * case.fires, labels)
                    found += span_checks(spec, [span], length)
        about = f"{objective.name}: each pair of windows just above, and in each part just below what it takes"
        yield World(about, tuple(series), tuple(found))


def _given(spec: Spec, window: BurnWindow, case: _Case, labels: dict[str, str], length: int) -> Iterator[Series]:
    number = spec.alerting.minimum_bad_events * case.number / window.long.total_seconds()
    values = {
        recorded.burn_rate(window.long): window.burn * case.long,
        recorded.burn_rate(window.short): window.burn * case.short,
        recorded.bad(window.long): number,
    }
    for metric, value in values.items():
        yield Series(name(metric, labels), gauge([value] * (length + 1)))
