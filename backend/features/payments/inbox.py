"""The webhook inbox: what a provider reports is stored before it is answered, and processed by the worker."""

from __future__ import annotations

import logging

from backend.db.errors import DatabaseError, Rejected
from backend.db.pool import Database
from backend.domain.payments import WebhookEvent
from backend.features.payments.settlements import GRACE, queries
from backend.telemetry.metrics import Metrics

log = logging.getLogger(__name__)
_MOST = 200
_CAME_TO_NOTHING = frozenset({"requires_action", "created"})


async def receive(database: Database, provider: str, event: WebhookEvent) -> None:
    """Store one verified event. The same one again is stored once."""
    status = "processing" if event.status in _CAME_TO_NOTHING else event.status
    await database.execute(
        queries.receive_webhook,
        {
            "provider": provider,
            "event_id": event.event_id,
            "kind": event.kind,
            "reference": event.reference,
            "payment_id": event.payment_id,
            "refund_id": event.refund_id,
            "status": status,
        },
        retry=True,
    )


async def process_inbox(database: Database, provider: str, metrics: Metrics) -> int:
    """Process what waits, each in one transaction with its effect; how many were looked at.

    One that fails is put off and does not stop the others.
    """
    waiting = await database.fetch_all(queries.webhooks_to_process, {"provider": provider, "most": _MOST}, retry=True)
    for (event_id,) in waiting:
        try:
            row = await database.fetch_one(
                queries.process_webhook, {"provider": provider, "event_id": event_id, "grace": GRACE}
            )
        except Rejected as error:
            log.exception("webhook %s of %s cannot be processed", event_id, provider)
            await database.execute(
                queries.postpone_webhook, {"provider": provider, "event_id": event_id, "error": str(error)}
            )
            continue
        except DatabaseError:
            break  # the next round tries them all again
        result, order_id, waited = row or ("replayed", None, 0.0)
        if result == "paid":
            metrics.orders.labels("paid").inc()
            metrics.payment_to_ticket.observe(waited)
            metrics.payments.labels(provider, "succeeded").inc()
        log.info("webhook processed", extra={"fields": {"event": event_id, "result": result, "order": str(order_id)}})
    return len(waiting)


async def forget_old_webhooks(database: Database) -> int:
    """Delete what was processed long ago; how many."""
    return await database.execute(queries.forget_webhooks, {"most": 1000})
