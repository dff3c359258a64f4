"""Alerts that look at a gauge or a counter: from which minute to which their condition holds is plain to see."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from slo.rules.document import alerts
from slo.ruletests.expected import Condition, Watch, checks
from slo.ruletests.model import Check
from slo.spec import Spec


@dataclass(frozen=True, slots=True)
class Span:
    """The condition of the alert with these labels holds from one minute until another; never without any.

    ragged: minutes before and after, in which nobody can tell.
    """

    alert: str
    first: int = 0
    until: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    ragged: int = 0


def span_checks(spec: Spec, spans: list[Span], length: int) -> Iterator[Check]:
    known = {alert.name: alert for alert in alerts(spec)}
    for span in spans:
        alert = known[span.alert]
        watch = Watch(span.alert, alert.severity or "ticket", alert.lasting, span.labels)
        yield from checks(spec, watch, _within(span), length)


def _within(span: Span) -> Condition:
    def condition(factor: float, minute: int) -> bool:
        ragged = span.ragged if factor < 1 else 0
        return span.first - ragged <= minute < span.until + ragged

    return condition


def steps(time: timedelta) -> int:
    """Whole minutes."""
    return round(time.total_seconds() / 60)
