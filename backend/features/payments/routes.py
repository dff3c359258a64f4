"""Where providers report to."""

from __future__ import annotations

from aiohttp import web

from backend.db.pool import Database
from backend.domain.payments import PaymentProvider, WebhookRejected
from backend.features.payments.inbox import receive
from backend.web.problems import Problem
from backend.web.routes import Routes

PROVIDER = web.AppKey("payment_provider", PaymentProvider)
INBOX = web.AppKey("webhook_inbox", Database)
routes = Routes()


@routes.post(
    "/api/payments/{provider}/webhook",
    raw="application/json",
    kind="machine",
    answers={200: None},
    problems=("validation", "not-found"),
)
async def take_webhook(request: web.Request, raw: bytes, provider: str) -> web.Response:
    """Store a signed report of the payment provider; it is processed within a second."""
    configured = request.app[PROVIDER]
    if provider != configured.name:
        raise Problem("not-found", f"No payment provider {provider!r} is in use.")
    try:
        events = configured.verify_webhook(raw, request.headers)
    except WebhookRejected as rejected:
        raise Problem("validation", f"Not accepted: {rejected}.") from None
    if events:
        await receive(request.app[INBOX], provider, events)
    return web.Response()
