"""What must never happen, happening once."""

from collections.abc import Iterator

from slo.ruletests.model import Series, World
from slo.ruletests.notation import counter, gauge
from slo.ruletests.simple import Span, span_checks
from slo.ruletests.traffic import name
from slo.spec import Spec

_LENGTH = 60


def worlds(spec: Spec) -> Iterator[World]:
    oldest, unsettled = spec.alerting.outbox_oldest, spec.alerting.payments_oldest
    yield World(
        "tickets are oversold, invariants broken, the mail sink gives an event up, the relay and settling halt",
        _series(
            broken=[0.0] * 10 + [1.0] * 10 + [0.0] * 40,
            outbox=[0.0] * 10 + [oldest * 1.5] * 20 + [0.0] * 30,
            unsettled=[0.0] * 10 + [unsettled * 1.5] * 20 + [0.0] * 30,
            dead=[0.0] * 10 + [1.0] + [0.0] * 48,
        ),
        tuple(
            span_checks(
                spec,
                [
                    Span("TicketsOversold", 10, 20),
                    Span("InvariantsBroken", 10, 20),
                    Span("OutboxStalled", 10, 30),
                    Span("PaymentsStalled", 10, 30),
                    Span("EventDeadLettered", 11, _LENGTH, {"sink": "mail"}),
                    Span("EventDeadLettered", labels={"sink": "live"}),
                ],
                _LENGTH,
            )
        ),
    )
    silent = ("TicketsOversold", "InvariantsBroken", "OutboxStalled", "PaymentsStalled", "EventDeadLettered")
    yield World(
        "everything agrees, the relay and settling are behind but get on: all is silent",
        _series(
            broken=[0.0] * _LENGTH,
            outbox=[oldest * 0.8] * _LENGTH,
            unsettled=[unsettled * 0.8] * _LENGTH,
            dead=[0.0] * (_LENGTH - 1),
        ),
        tuple(span_checks(spec, [Span(alert) for alert in silent], _LENGTH)),
    )


def _series(
    *, broken: list[float], outbox: list[float], unsettled: list[float], dead: list[float]
) -> tuple[Series, ...]:
    return (
        Series("tickets_oversold", gauge(broken)),
        Series("invariants_broken", gauge(broken)),
        Series("outbox_oldest_seconds", gauge(outbox)),
        Series("payments_unsettled_seconds", gauge(unsettled)),
        Series(name("events_relayed_total", {"sink": "mail", "result": "dead"}), counter(dead)),
        Series(name("events_relayed_total", {"sink": "live", "result": "dead"}), counter([0.0] * len(dead))),
        Series(name("events_relayed_total", {"sink": "live", "result": "failed"}), counter([1.0] * len(dead))),
    )
