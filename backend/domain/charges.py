"""What checkout asks of whoever takes the money, and what it gets to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from backend.domain.payments import PaymentRequest

ChargeResult = Literal["paid", "waiting", "declined", "refund-due"]


@dataclass(frozen=True, slots=True)
class Charge:
    """How far a payment is.

    paid: the tickets are the customer's. waiting: on the customer at `pay_url`, or on the provider when there is none.
    declined: `failure` says why; the basket is still held. refund-due: taken, but too late; it goes back by itself.
    """

    result: ChargeResult
    tickets: tuple[UUID, ...] = ()
    pay_url: str | None = None
    failure: str | None = None


class Cashier(Protocol):
    """Takes the money for an order that is already recorded, and records what became of it."""

    @property
    def provider(self) -> str:
        """The provider's name, as the payment's row carries it."""

    async def charge(self, request: PaymentRequest) -> Charge:
        """Ask the provider and record its answer. It never fails for the provider's sake: no answer is `waiting`."""


def ticket_codes(codes: str | None) -> tuple[UUID, ...]:
    """The codes of a comma-separated column."""
    return tuple(UUID(code) for code in codes.split(",")) if codes else ()
