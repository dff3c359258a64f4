"""The running test provider: its ledger, its webhooks and the knobs that can be turned while it runs."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from backend.psp.cards import Card, card_named
from backend.psp.intents import Intent, Refund
from backend.psp.ledger import Ledger
from backend.psp.messages import Post, payment_posts, refund_posts
from backend.psp.options import PspOptions
from backend.psp.webhooks import WebhookSender


@dataclass(slots=True)
class Knobs:
    """What can be changed while it runs; the names are those of PspOptions."""

    card: Card
    latency_seconds: float
    failure_rate: float
    late_seconds: float
    timeout_seconds: float

    def fate(self) -> Literal["fine", "lost", "answer_lost"]:
        """What the failure rate has in store for a call: half of the failures come after it was done."""
        drawn = random.random()  # noqa: S311 - picks test failures, guards nothing
        if drawn >= self.failure_rate:
            return "fine"
        return "lost" if drawn < self.failure_rate / 2 else "answer_lost"


class Till:
    """Takes payments: changes the ledger and has the shop told of it, now or when the card says."""

    def __init__(self, options: PspOptions, ledger: Ledger, webhooks: WebhookSender) -> None:
        self.options = options
        self.authorization = f"Bearer {options.api_key}".encode()
        self.ledger = ledger
        self.webhooks = webhooks
        self.knobs = Knobs(
            card=card_named(options.card),
            latency_seconds=options.latency_seconds,
            failure_rate=options.failure_rate,
            late_seconds=options.late_seconds,
            timeout_seconds=options.timeout_seconds,
        )

    async def charge(self, intent: Intent, card: Card) -> None:
        """Pay server to server; the answer says what came of it, so its webhook is not urgent."""
        posts = self._pay(intent, card, patient=True)
        if card.webhooks == "before_answer":
            await self.webhooks.deliver(posts)
        elif self.options.settled_webhooks or card.webhooks != "once":
            self.webhooks.put(posts)

    def pay(self, intent: Intent, card: Card) -> None:
        """Pay on the page."""
        self.webhooks.put(self._pay(intent, card))

    def answer_bank(self, intent: Intent, *, approved: bool) -> None:
        """End the 3-D Secure step."""
        self.ledger.answer_bank(intent, approved=approved)
        self.webhooks.put(payment_posts(intent))

    def cancel(self, intent: Intent) -> None:
        """Close it if it can be closed."""
        if self.ledger.cancel(intent):
            self.webhooks.put(payment_posts(intent))

    def settle_later(self, intent: Intent) -> None:
        """Let it succeed in a while."""
        asyncio.get_running_loop().call_later(self.knobs.late_seconds, self._settle, intent)

    def settle_refund_later(self, intent: Intent, refund: Refund) -> None:
        """Let the refund arrive, or come back, in a while."""
        asyncio.get_running_loop().call_later(self.knobs.late_seconds, self._settle_refund, intent, refund)

    def _pay(self, intent: Intent, card: Card, *, patient: bool = False) -> list[Post]:
        self.ledger.pay(intent, card)
        if intent.status == "processing":
            self.settle_later(intent)
        waiting = intent.status == "processing" or intent.asking_bank
        return [] if waiting else payment_posts(intent, patient=patient)

    def _settle(self, intent: Intent) -> None:
        self.ledger.settle(intent)
        self.webhooks.put(payment_posts(intent))

    def _settle_refund(self, intent: Intent, refund: Refund) -> None:
        self.ledger.settle_refund(intent, refund)
        self.webhooks.put(refund_posts(intent, refund))


TILL = web.AppKey("till", Till)
