"""What must never happen, whatever the load: sold twice, sums that disagree, events that do not go out."""

from collections.abc import Iterator

from slo import series
from slo.rules.model import Alert, Group
from slo.spec import Spec


def groups(spec: Spec) -> Iterator[Group]:
    yield Group("correctness", (_oversold(), _invariants(), _payments(spec), _outbox(spec), _dead_letters(spec)))


def _oversold() -> Alert:
    return Alert(
        name="TicketsOversold",
        when="any",
        expr="max(tickets_oversold) > 0",
        severity="page",
        slo="correctness",
        summary="More tickets are sold than there are places",
        description="Tickets sold or held beyond the capacity of their pools: {{ $value }}.",
    )


def _invariants() -> Alert:
    return Alert(
        name="InvariantsBroken",
        when="any",
        expr="max(invariants_broken) > 0",
        severity="page",
        slo="correctness",
        summary="Stock, orders and money do not agree",
        description="Invariants that do not hold: {{ $value }}; `python -m backend check` names them.",
    )


def _payments(spec: Spec) -> Alert:
    """The histogram of the tickets' objective knows those that came, late or not; this knows those that never do."""
    return Alert(
        name="PaymentsStalled",
        when=f"a payment waits longer than {spec.alerting.payments_oldest} s to be settled",
        expr=f"max(payments_unsettled_seconds) > {spec.alerting.payments_oldest}",
        severity="page",
        slo="tickets",
        lasting=spec.alerting.for_.page,
        summary="Payments are not settled: customers have paid and get no tickets",
        description="The oldest has waited {{ $value | humanizeDuration }} to end in tickets or a refund.",
    )


def _outbox(spec: Spec) -> Alert:
    return Alert(
        name="OutboxStalled",
        when=f"the oldest event is older than {spec.alerting.outbox_oldest} s",
        expr=f"max(outbox_oldest_seconds) > {spec.alerting.outbox_oldest}",
        severity="page",
        slo="events",
        lasting=spec.alerting.for_.page,
        summary="Domain events are not delivered: customers get no mail",
        description="The oldest event has waited {{ $value | humanizeDuration }} for its delivery.",
    )


def _dead_letters(spec: Spec) -> Alert:
    over = series.duration(spec.alerting.of("ticket")[0].short)
    return Alert(
        name="EventDeadLettered",
        when=f"any within {over}",
        expr=f'sum by (sink) (increase(events_relayed_total{{result="dead"}}[{over}])) > 0',
        severity="ticket",
        slo="events",
        summary="The sink {{ $labels.sink }} has given events up",
        description=f'Events given up within {over}: {{{{ printf "%.0f" $value }}}}. Nobody tries them again unasked.',
    )
