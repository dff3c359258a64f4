"""What the shop asks of a payment provider, and what it gets to know: the contract that every provider keeps.

A provider moves money; it knows nothing of orders, tickets or the database, and the shop holds no lock while it asks.
"""

# ruff: noqa: N818 (each name says what happened; that it is an error, its base says)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from backend.domain.money import Money

PaymentStatus = Literal["created", "processing", "requires_action", "succeeded", "failed", "cancelled"]
PaymentMethod = Literal["card", "hosted"]
RefundStatus = Literal["in_transit", "done", "failed"]


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """One payment of one order. `payment_id` makes it idempotent: asked twice, it is charged once.

    method: "card" charges server to server where the provider can; "hosted" sends the customer to the provider's page,
    and from there to `return_url`.
    """

    payment_id: UUID
    order_id: UUID
    amount: Money
    method: PaymentMethod
    description: str
    return_url: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentIntent:
    """A payment as the provider sees it now.

    reference: the provider's own name for it. pay_url: where the customer can pay while `requires_action`.
    failure: a word for why the last attempt failed ("card_declined"); a hosted payment stays open for another card.
    paid_at: when it succeeded, where the provider says.
    """

    reference: str
    status: PaymentStatus
    pay_url: str | None = None
    failure: str | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Give back `amount` of the payment `reference`. `refund_id` makes it idempotent: asked twice, refunded once."""

    refund_id: UUID
    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundResult:
    """A refund as the provider sees it now; `reference` is the provider's name for the refund."""

    reference: str
    status: RefundStatus
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One thing that a provider says happened. They come twice, late and out of order: `event_id` tells them apart.

    reference: the payment's, or the refund's for kind "refund". payment_id, refund_id: the shop's own names, where the
    provider gives them. status is a PaymentStatus or RefundStatus after the kind; on doubt `retrieve` tells what is so.
    """

    event_id: str
    kind: Literal["payment", "refund"]
    reference: str
    payment_id: UUID | None
    status: PaymentStatus | RefundStatus
    occurred_at: datetime
    refund_id: UUID | None = None
    failure: str | None = None


class ProviderUnavailable(Exception):
    """No answer, or a 5xx: the outcome is unknown. `find` or the same request again tells."""


class ProviderRefused(Exception):
    """The provider understood and said no: nothing happened, and asking again is no use."""


class WrongKey(ProviderRefused):
    """The provider does not let this shop in: no word about the payment, and right again once the key is."""


class UnknownPayment(ProviderRefused):
    """The provider has nothing of that name: it may be another account's, or forgotten."""


class WebhookRejected(Exception):
    """Not from the provider, or too old: the reason is its text."""


class PaymentProvider(Protocol):
    """A way to be paid. Every call may raise ProviderUnavailable or a kind of ProviderRefused."""

    @property
    def name(self) -> str:
        """As in PAYMENT_PROVIDER, the webhook's route and the metrics' label."""

    async def create(self, request: PaymentRequest) -> PaymentIntent:
        """Begin to charge; succeeded at once, or requires_action with a `pay_url`. Idempotent by `payment_id`."""

    async def find(self, payment_id: UUID) -> PaymentIntent | None:
        """What became of a `create` whose answer was lost; None when it never arrived and no money can move."""

    async def retrieve(self, reference: str) -> PaymentIntent:
        """The payment as it is now."""

    async def cancel(self, reference: str) -> PaymentIntent:
        """Close it before it is paid.

        When that is too late the answer says so: `succeeded` (the money was taken) or `processing` (it may yet be).
        """

    async def refund(self, request: RefundRequest) -> RefundResult:
        """Give money back. Idempotent by `refund_id`: asked again, it answers what became of the refund."""

    def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> tuple[WebhookEvent, ...]:
        """The events in a signed body, none when it is genuine but of no interest. Raises WebhookRejected.

        Takes constant time over the signature and refuses what is older than five minutes.
        """

    async def close(self) -> None:
        """Let go of the connections."""
