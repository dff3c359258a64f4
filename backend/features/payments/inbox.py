"""The webhook inbox: what a provider reports is stored before it is answered, and processed by the worker."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from backend.db.arrays import text_array_literal, uuid_array_literal
from backend.db.errors import LockTimeout, QueryTimeout, Rejected
from backend.db.pool import Database
from backend.domain.payments import WebhookEvent
from backend.features.payments.settlements import GRACE, Effect, count_effect, queries
from backend.telemetry.metrics import Metrics

log = logging.getLogger(__name__)
_MOST = 200
# What one of them can do to all: bad data, or an order that somebody else keeps locked.
_ONE_TO_BLAME = (Rejected, LockTimeout, QueryTimeout)
_STILL_OPEN = frozenset({"requires_action", "created"})


async def receive(database: Database, provider: str, events: Sequence[WebhookEvent]) -> None:
    """Store verified events. The same one again is stored once."""
    await database.execute(
        queries.receive_webhooks,
        {
            "provider": provider,
            "event_id": text_array_literal(event.event_id for event in events),
            "kind": text_array_literal(event.kind for event in events),
            "reference": text_array_literal(event.reference for event in events),
            "payment_id": uuid_array_literal(event.payment_id for event in events),
            "refund_id": uuid_array_literal(event.refund_id for event in events),
            "status": text_array_literal(
                "processing" if event.status in _STILL_OPEN else event.status for event in events
            ),
            "failure": text_array_literal(event.failure for event in events),
            "occurred_at": text_array_literal(event.occurred_at.isoformat() for event in events),
        },
        retry=True,
    )


async def process_inbox(database: Database, provider: str, metrics: Metrics) -> int:
    """Process what waits, in one transaction with its effect; how many that were.

    One that cannot be processed is put off and does not stop the others.
    """
    rows = await database.fetch_all(queries.webhooks_to_process, {"provider": provider, "most": _MOST}, retry=True)
    waiting = [event_id for (event_id,) in rows]
    if waiting:
        try:
            await _process(database, provider, waiting, metrics)
        except _ONE_TO_BLAME:
            for event_id in waiting:
                await _process_alone(database, provider, event_id, metrics)
    return len(waiting)


async def _process(database: Database, provider: str, events: Sequence[str], metrics: Metrics) -> None:
    results = await database.fetch_all(
        queries.process_webhooks, {"provider": provider, "events": text_array_literal(events), "grace": GRACE}
    )
    for event_id, result, occurred_at, moved, issued, expired, took in results:
        if result == "unknown":
            log.warning("webhook %s of %s matches nothing here", event_id, provider)
        elif took is not None:
            count_effect(metrics, provider, Effect(result, moved, issued or 0, expired, took), since=occurred_at)


async def _process_alone(database: Database, provider: str, event_id: str, metrics: Metrics) -> None:
    try:
        await _process(database, provider, [event_id], metrics)
    except _ONE_TO_BLAME as error:
        log.exception("webhook %s of %s cannot be processed", event_id, provider)
        put_off = {"provider": provider, "event_id": event_id, "error": str(error)}
        await database.execute(queries.postpone_webhook, put_off)


async def measure_unsettled(database: Database, provider: str, metrics: Metrics) -> None:
    """Bring the gauge up to date; it has no value while that cannot be known.

    Money that never becomes tickets is in no histogram of settlements, so this is what notices it.
    """
    try:
        oldest = await database.fetch_value(queries.oldest_unsettled, {"provider": provider}, retry=True)
    except BaseException:
        metrics.payments_oldest.forget()
        raise
    metrics.payments_oldest.set(max(oldest, 0.0))


async def forget_old_webhooks(database: Database) -> int:
    """Delete what was processed long ago; how many."""
    return await database.execute(queries.forget_webhooks, {"most": 1000})
