"""What the shop sells, what happens to the money, and whether the news of it gets out."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from slo.dashboards.board import Board
from slo.dashboards.panels import GREEN, ORANGE, RED, Look, bars, lines, numbers
from slo.objectives import TICKETS
from slo.spec import Spec


def business(spec: Spec) -> Board:
    return Board(
        name="business",
        title="Sales, payments, events",
        says="From the basket to the ticket, and from the outbox to everybody who is to hear of it.",
        rows=[
            ("Must be zero, always", _correct()),
            ("Sales", _sales()),
            ("Payments", _payments(spec)),
            ("Events", _events(spec)),
        ],
    )


def holds() -> Builder[Panel]:
    """Also on the on-sale board."""
    asked = "sum by (result) (rate(holds_total[$__rate_interval]))"
    return lines("Requests to hold tickets", Look("reqps", stacked=True), (asked, "{{result}}"))


def sold() -> Builder[Panel]:
    return lines("Tickets sold a second", Look("ops"), ("sum(rate(tickets_sold_total[$__rate_interval]))", "tickets"))


def _correct() -> list[Builder[Panel]]:
    look = Look(steps=((1, RED),), width=8, height=5)
    return [
        numbers("Tickets beyond capacity", look, ("max(tickets_oversold)", "oversold")),
        numbers("Invariants that do not hold", look, ("max(invariants_broken)", "broken")),
        numbers(
            "Events given up",
            Look(
                steps=((1, ORANGE),),
                width=8,
                height=5,
                says="In the time shown. `redrive` sends them again.",
            ),
            ('sum(increase(events_relayed_total{result="dead"}[$__range]))', "dead"),
        ),
    ]


def _sales() -> list[Builder[Panel]]:
    return [
        holds(),
        sold(),
        bars(
            "From the basket to the order, in the time shown",
            Look(says="A basket has one order; the holds count every line of it."),
            ('sum(increase(holds_total{result="held"}[$__range]))', "held"),
            ('sum(increase(orders_total{status="pending"}[$__range]))', "orders begun"),
            ('sum(increase(orders_total{status="paid"}[$__range]))', "orders paid"),
        ),
        lines("Orders", Look("ops"), ("sum by (status) (rate(orders_total[$__rate_interval]))", "{{status}}")),
        lines("Holds that ended unpaid", Look("ops"), ("sum(rate(holds_expired_total[$__rate_interval]))", "expired")),
    ]


def _payments(spec: Spec) -> list[Builder[Panel]]:
    tickets = spec.objectives.tickets
    waits = f"histogram_quantile(%s, sum by (le) (rate({TICKETS}_bucket[$__rate_interval])))"
    took = "sum by (le, provider) (rate(payment_duration_seconds_bucket[$__rate_interval]))"
    return [
        lines(
            "Payments",
            Look("ops", stacked=True),
            ("sum by (provider, result) (rate(payments_total[$__rate_interval]))", "{{provider}} {{result}}"),
        ),
        lines(
            "How long the provider takes to answer, p95",
            Look("s"),
            (f"histogram_quantile(0.95, {took})", "{{provider}}"),
        ),
        lines(
            "From the payment to the tickets",
            Look("s", ((tickets.under, RED),)),
            *((waits % share, f"p{share * 100:g}") for share in (0.5, tickets.target)),
        ),
    ]


def _events(spec: Spec) -> list[Builder[Panel]]:
    oldest = spec.alerting.outbox_oldest
    return [
        lines("Events that wait in the outbox", Look(), ("max(outbox_pending)", "waiting")),
        lines("Age of the oldest of them", Look("s", ((oldest, RED),)), ("max(outbox_oldest_seconds)", "oldest")),
        lines(
            "Deliveries",
            Look("ops", stacked=True),
            ("sum by (sink, result) (rate(events_relayed_total[$__rate_interval]))", "{{sink}} {{result}}"),
        ),
        numbers(
            "Deliveries that failed, in the time shown",
            Look(steps=((1, ORANGE),), base=GREEN, says="They are tried again, until they are given up."),
            ('sum by (sink) (increase(events_relayed_total{result="failed"}[$__range]))', "{{sink}}"),
        ),
        lines(
            "Messages in the queues",
            Look(says="From SQS, by the CloudWatch exporter."),
            ("aws_sqs_approximate_number_of_messages_visible_average", "{{dimension_QueueName}}"),
        ),
        lines(
            "Age of the oldest message in a queue",
            Look("s", ((oldest, RED),), says="From SQS, by the CloudWatch exporter."),
            ("aws_sqs_approximate_age_of_oldest_message_maximum", "{{dimension_QueueName}}"),
        ),
    ]
