"""A payment and its refunds as the test provider keeps them, and as it tells of them."""

# ruff: noqa: N818 (the name says what happened; that it is an error, its base says)

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from backend.domain.money import Money
from backend.domain.payments import PaymentMethod, PaymentStatus, RefundStatus
from backend.psp.cards import Card, card_named

_URL = re.compile(r"(https?://[A-Za-z0-9.:\[\]-]+)(?:[/?#][!-~]*)?")


def origin_of(url: str) -> str | None:
    """https://shop.example of https://shop.example/orders/7; None for what is not a plain http or https URL.

    Both are safe in a header: no space, no line break, nothing beyond ASCII.
    """
    matched = _URL.fullmatch(url)
    return matched[1] if matched else None


class Refused(Exception):
    """A request that cannot be met; becomes an answer with this status and code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(slots=True)
class Refund:
    """Money on its way back; the shop's id is the end of ours."""

    id: str
    amount: Money
    status: RefundStatus
    failure: str | None = None


@dataclass(slots=True)
class Intent:
    """One payment. Its id follows from the shop's payment id, so there is never a second one for it.

    page_key: makes its page's address unguessable. The id alone, which shops write on receipts and into logs, must not
    lead there, because the page leads on to the customer's order.
    """

    id: str
    payment_id: str
    amount: Money
    method: PaymentMethod
    description: str
    return_url: str
    webhook_url: str | None
    status: PaymentStatus = "created"
    failure: str | None = None
    card: Card | None = None
    asking_bank: bool = False
    refunds: list[Refund] = field(default_factory=list)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    paid_at: datetime | None = None
    page_key: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    @property
    def page(self) -> str:
        """The path of its pay page."""
        return f"/pay/{self.id}/{self.page_key}"

    @property
    def payable(self) -> bool:
        """Whether a card may still be tried."""
        return self.status in ("created", "requires_action")

    def succeed(self) -> None:
        """The money is here."""
        self.status, self.paid_at = "succeeded", datetime.now(UTC)

    def refunded(self) -> int:
        """Minor units given back or on their way."""
        return sum(refund.amount.minor for refund in self.refunds if refund.status != "failed")

    def refund(self, refund_id: str) -> Refund | None:
        """The refund of that id, if there is one."""
        return next((refund for refund in self.refunds if refund.id == refund_id), None)

    def view(self, pay_url: str | None) -> dict[str, Any]:
        """What the API says of it."""
        return {
            "id": self.id,
            "payment_id": self.payment_id,
            "status": self.status,
            "amount": self.amount.minor,
            "currency": self.amount.currency,
            "pay_url": pay_url if self.payable else None,
            "failure": self.failure,
            "refunded": self.refunded() if self.refunds else 0,
            "paid_at": self.paid_at,
        }


def refund_view(refund: Refund) -> dict[str, Any]:
    """What the API says of a refund."""
    return {
        "id": refund.id,
        "refund_id": refund.id.removeprefix("re_"),
        "amount": refund.amount.minor,
        "currency": refund.amount.currency,
        "status": refund.status,
        "failure": refund.failure,
    }


def to_record(intent: Intent) -> dict[str, Any]:
    """A line of the journal."""
    return {
        "id": intent.id,
        "payment_id": intent.payment_id,
        "amount": intent.amount.minor,
        "currency": intent.amount.currency,
        "method": intent.method,
        "description": intent.description,
        "return_url": intent.return_url,
        "webhook_url": intent.webhook_url,
        "status": intent.status,
        "failure": intent.failure,
        "card": intent.card.name if intent.card else None,
        "asking_bank": intent.asking_bank,
        "refunds": [refund_view(refund) for refund in intent.refunds],
        "created_at": intent.created_at,
        "paid_at": intent.paid_at,
        "page_key": intent.page_key,
    }


def from_record(record: dict[str, Any]) -> Intent:
    """The intent of a line of the journal; KeyError, TypeError or ValueError when it is no such line."""
    return Intent(
        id=record["id"],
        payment_id=record["payment_id"],
        amount=Money(record["amount"], record["currency"]),
        method=record["method"],
        description=record["description"],
        return_url=record["return_url"],
        webhook_url=record["webhook_url"],
        status=record["status"],
        failure=record["failure"],
        card=card_named(record["card"]) if record["card"] else None,
        asking_bank=record["asking_bank"],
        refunds=[
            Refund(entry["id"], Money(entry["amount"], entry["currency"]), entry["status"], entry["failure"])
            for entry in record["refunds"]
        ],
        created_at=datetime.fromisoformat(record["created_at"]),
        paid_at=datetime.fromisoformat(record["paid_at"]) if record["paid_at"] else None,
        page_key=record["page_key"],
    )
