"""Every payment the test provider knows, and the rules by which one changes. No I/O but the journal's line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from backend.domain.money import Money
from backend.domain.payments import RefundStatus
from backend.psp.cards import Card
from backend.psp.intents import Intent, Refund, Refused

# Settled payments beyond this are forgotten, oldest first, so that a long load test does not fill the memory.
KEPT_INTENTS: Final = 200_000


class Ledger:
    """Intents by id. Each change goes to `keep`, which may write it down."""

    def __init__(self, intents: Iterable[Intent] = (), keep: Callable[[Intent], None] = lambda _: None) -> None:
        self._intents = {intent.id: intent for intent in intents}
        self._keep = keep

    def __len__(self) -> int:
        return len(self._intents)

    def open(self, wanted: Intent) -> tuple[Intent, bool]:
        """The intent, and whether it is new. The same payment id with another amount is refused."""
        known = self._intents.get(wanted.id)
        if known is None:
            self._make_room()
            self._intents[wanted.id] = wanted
            return wanted, True
        if known.amount != wanted.amount:
            raise Refused(422, "payment_id_reused", "this payment_id was used for another amount")
        return known, False

    def get(self, intent_id: str) -> Intent:
        """The intent of that id, or a refusal."""
        intent = self._intents.get(intent_id)
        if intent is None:
            raise Refused(404, "not_found", "no such payment")
        return intent

    def find(self, intent_id: str) -> Intent | None:
        """The intent of that id, if there is one."""
        return self._intents.get(intent_id)

    def unsettled(self) -> list[Intent]:
        """Those being processed: after a restart somebody must settle them."""
        return [intent for intent in self._intents.values() if intent.status == "processing"]

    def wait_for_customer(self, intent: Intent) -> None:
        """The customer pays on our page."""
        intent.status = "requires_action"
        self._keep(intent)

    def pay(self, intent: Intent, card: Card) -> None:
        """Try a card. A decline ends a payment made server to server; on the page another card may follow."""
        intent.card, intent.failure, intent.asking_bank = card, None, False
        if card.outcome == "approve":
            intent.succeed()
        elif card.outcome == "process":
            intent.status = "processing"
        elif card.outcome == "authenticate":
            intent.status, intent.asking_bank = "requires_action", True
        else:
            self._decline(intent, card.failure)
        self._keep(intent)

    def answer_bank(self, intent: Intent, *, approved: bool) -> None:
        """End the 3-D Secure step."""
        intent.asking_bank = False
        if approved:
            intent.succeed()
        else:
            self._decline(intent, "authentication_failed")
        self._keep(intent)

    def settle(self, intent: Intent) -> None:
        """What was being processed has succeeded."""
        intent.succeed()
        self._keep(intent)

    def cancel(self, intent: Intent) -> bool:
        """Close it unless it is paid, being processed or closed already; True when that changed anything."""
        if not intent.payable:
            return False
        intent.status, intent.asking_bank = "cancelled", False
        self._keep(intent)
        return True

    def refund(self, intent: Intent, refund_id: str, amount: Money) -> tuple[Refund, bool]:
        """The refund, and whether it is new."""
        known = intent.refund(refund_id)
        if known is not None:
            if known.amount != amount:
                raise Refused(422, "refund_id_reused", "this refund_id was used for another amount")
            return known, False
        if intent.status != "succeeded" or intent.card is None:
            raise Refused(422, "not_paid", f"a payment that is {intent.status} has nothing to give back")
        if amount.currency != intent.amount.currency or intent.refunded() + amount.minor > intent.amount.minor:
            raise Refused(422, "more_than_paid", "the refunds would exceed what was paid")
        refund = _refund(refund_id, amount, intent.card)
        intent.refunds.append(refund)
        self._keep(intent)
        return refund, True

    def settle_refund(self, intent: Intent, refund: Refund) -> None:
        """What was on its way has arrived, or has come back."""
        if intent.card is not None and intent.card.refund == "bounces":
            refund.status, refund.failure = "failed", "refund_failed"
        else:
            refund.status = "done"
        self._keep(intent)

    def _decline(self, intent: Intent, failure: str | None) -> None:
        intent.failure = failure
        intent.status = "requires_action" if intent.method == "hosted" else "failed"

    def _make_room(self) -> None:
        if len(self._intents) >= KEPT_INTENTS:
            del self._intents[next(iter(self._intents))]


def _refund(refund_id: str, amount: Money, card: Card) -> Refund:
    first: dict[str, RefundStatus] = {"done": "done", "failed": "failed"}
    status = first.get(card.refund, "in_transit")
    return Refund(refund_id, amount, status, "refund_failed" if status == "failed" else None)
