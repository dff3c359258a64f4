"""Recording what a provider says of payments, a batch at a time, with all that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from backend.db.arrays import text_array_literal, uuid_array_literal
from backend.db.batches import Batcher, BatchLimits
from backend.db.pool import Database, Row
from backend.db.queries import load_queries
from backend.domain.charges import ticket_codes
from backend.domain.payments import PaymentIntent
from backend.telemetry.metrics import Metrics

queries = load_queries(__package__)

SettledStatus = Literal["processing", "succeeded", "failed", "cancelled"]

# After a declined card the tickets stay held at least so long, for another try.
GRACE = timedelta(minutes=2)
_LANES = 2  # confirming contends for no row, so lanes only spread the batches over the connections


@dataclass(frozen=True, slots=True)
class Report:
    """What the provider says of one payment. paid_at: when it was made, if the provider says."""

    payment_id: UUID
    status: SettledStatus
    reference: str | None = None
    pay_url: str | None = None
    failure: str | None = None
    paid_at: datetime | None = None

    @classmethod
    def of(cls, payment_id: UUID, intent: PaymentIntent) -> Report:
        """The database knows fewer states: while anybody can still act, a payment is processing."""
        status: SettledStatus
        match intent.status:
            case "succeeded" | "failed" | "cancelled":
                status = intent.status
            case _:
                status = "processing"
        return cls(payment_id, status, intent.reference, intent.pay_url, intent.failure, intent.paid_at)


@dataclass(frozen=True, slots=True)
class Settled:
    """What followed; see settle_v1 for the results. tickets: those in force when the order is paid."""

    result: str
    order_id: UUID | None
    order_status: str | None
    tickets: tuple[UUID, ...]
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a settlement changed, as it is counted: once, whoever reports it first.

    moved: the status that the order reached by it. issued: its tickets. expired: its holds that ended unpaid. took:
    seconds from the payment's beginning to its settlement.
    """

    result: str
    moved: str | None
    issued: int
    expired: int
    took: float


# As payments_total names them. Money that came too late for its tickets has been taken all the same.
_COUNTED_AS = {"paid": "succeeded", "refund-due": "succeeded", "failed": "failed", "cancelled": "cancelled"}


def count_effect(metrics: Metrics, provider: str, effect: Effect, *, since: datetime) -> None:
    """Count what a settlement changed. since: when the payment was made, or when the shop got to know.

    The earlier of the two, as a provider's clock may be ahead and no tickets come before their payment.
    """
    result = _COUNTED_AS[effect.result]
    metrics.payments.labels(provider, result).inc()
    metrics.payment_duration.labels(provider, result).observe(effect.took)
    metrics.holds_expired.inc(effect.expired)
    if effect.moved is not None:
        metrics.orders.labels(effect.moved).inc()
    if effect.result == "paid":
        metrics.tickets_sold.inc(effect.issued)
        metrics.payment_to_ticket.observe((datetime.now(UTC) - since).total_seconds())


class Settlements:
    """The batcher of settlements. Reporting the same again changes nothing."""

    def __init__(self, database: Database, metrics: Metrics, provider: str, batches: BatchLimits | None = None) -> None:
        self._database = database
        self._metrics = metrics
        self._provider = provider
        self._batcher: Batcher[Report, Settled] = Batcher(
            self._flush,
            lane=lambda report: report.payment_id.int % _LANES,
            identity=lambda report: report.payment_id.int,
            limits=batches,
        )
        self.close = self._batcher.close

    async def record(self, report: Report) -> Settled:
        """Record it, and answer what followed."""
        received = datetime.now(UTC)
        settled = await self._batcher.submit(report)
        if settled.effect is not None:
            since = min(report.paid_at or received, received)
            count_effect(self._metrics, self._provider, settled.effect, since=since)
        return settled

    async def _flush(self, reports: Sequence[Report]) -> list[Settled]:
        rows = await self._database.fetch_all(
            queries.settle,
            {
                "payment": uuid_array_literal(report.payment_id for report in reports),
                "status": text_array_literal(report.status for report in reports),
                "reference": text_array_literal(report.reference for report in reports),
                "pay_url": text_array_literal(report.pay_url for report in reports),
                "failure": text_array_literal(report.failure for report in reports),
                "grace": GRACE,
            },
            urgent=True,
        )
        return [_settled(row) for row in rows]


def _settled(row: Row) -> Settled:
    """From a row of the query settle."""
    result, order_id, order_status, codes, moved, expired, took = row
    tickets = ticket_codes(codes)
    effect = None if took is None else Effect(result, moved, len(tickets), expired, took)
    return Settled(result, order_id, order_status, tickets, effect)
