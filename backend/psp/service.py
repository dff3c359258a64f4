"""The test payment provider as a service of its own. It moves no money and never starts in production."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import uvloop
from aiohttp import web

from backend.garbage import collect_rarely
from backend.psp import api, pages
from backend.psp.journal import Journal
from backend.psp.ledger import Ledger
from backend.psp.options import PspOptions
from backend.psp.till import TILL, Till
from backend.psp.webhooks import WebhookSender

# Longer than a client keeps an idle connection, so that it is never the server who hangs up on a payment.
KEEP_ALIVE_SECONDS = 75.0


def create_psp(options: PspOptions) -> web.Application:
    """The application, to be run by `run` or by a test server. OSError or ValueError when the journal is unusable."""
    journal = Journal(options.journal) if options.journal else None
    ledger = Ledger(journal.intents, journal.keep) if journal else Ledger()
    webhooks = WebhookSender(
        options.webhook_secret,
        linger=options.webhook_linger_seconds,
        retry=options.webhook_retry_seconds,
        attempts=options.webhook_attempts,
    )
    app = web.Application(client_max_size=64 * 1024)
    app[TILL] = Till(options, ledger, webhooks)
    app.add_routes([*api.routes(), *pages.routes()])
    app.cleanup_ctx.append(_delivering)
    if journal:
        app.on_cleanup.append(lambda _: _closed(journal))
    return app


def run(options: PspOptions) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    app = create_psp(options)
    collect_rarely()
    web.run_app(
        app,
        host=options.host,
        port=options.port,
        access_log=None,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        shutdown_timeout=2,
        print=None,
        loop=uvloop.new_event_loop(),
    )


async def _delivering(app: web.Application) -> AsyncIterator[None]:
    till = app[TILL]
    for intent in till.ledger.unsettled():
        till.settle_later(intent)
    sender = asyncio.create_task(till.webhooks.run())
    yield
    sender.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await sender


async def _closed(journal: Journal) -> None:
    journal.close()
