"""What a checkout is answered, at its first attempt and whenever the same is asked again."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from backend.domain.charges import Charge, ticket_codes
from backend.domain.errors import DomainError
from backend.domain.money import Money
from backend.domain.orders import OrderStatus
from backend.domain.refusals import basket_refusal


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of checkout_v1; see there for the results."""

    result: str
    basket_id: UUID
    order_id: UUID
    order_status: OrderStatus
    total_minor: int
    currency: str
    payment_id: UUID | None
    payment_status: str | None
    pay_url: str | None
    failure: str | None
    codes: str | None
    lapsed: int


@dataclass(frozen=True, slots=True)
class Bought:
    """What checkout answers: an order that is paid, or waits for its payment, or what became of it since."""

    order_id: UUID
    status: OrderStatus
    transaction_id: UUID
    total: Money
    tickets: tuple[UUID, ...] = ()
    pay_url: str | None = None


def bought(placed: Placed, payment_id: UUID, charge: Charge) -> Bought:
    """The answer to an attempt whose payment came so far. DomainError when that is not far enough."""
    if charge.result == "declined":
        raise _declined(placed, charge.failure)
    if charge.result == "refund-due":
        raise _refunded()
    status: OrderStatus = "paid" if charge.result == "paid" else "pending"
    total = Money(placed.total_minor, placed.currency)
    return Bought(placed.order_id, status, payment_id, total, charge.tickets, charge.pay_url)


def answer_of(placed: Placed) -> Bought:
    """The answer when there is nothing to charge now: it was free, has been asked before, or is refused."""
    if placed.result == "taken":
        raise _taken(placed)
    if placed.result not in {"paid", "exists"}:
        raise (
            DomainError("limit-reached", "This customer has as many of these tickets as one may have.")
            if placed.result == "customer-limit"
            else basket_refusal(placed.result)
        )
    match placed.payment_status, placed.order_status:
        case "failed", _:
            raise _declined(placed, placed.failure)
        case "succeeded", "pending" | "lapsed":
            raise _refunded()
        case _, "pending" if placed.pay_url is None:
            raise DomainError("idempotency-in-flight", "The payment of this basket is under way.")
    return Bought(
        placed.order_id,
        placed.order_status,
        placed.payment_id or placed.order_id,
        Money(placed.total_minor, placed.currency),
        ticket_codes(placed.codes),
        placed.pay_url if placed.order_status == "pending" else None,
    )


def _taken(placed: Placed) -> DomainError:
    match placed.order_status, placed.payment_status:
        case "paid", _:
            return basket_refusal("basket-bought")
        case ("lapsed", _) | ("pending", "failed"):
            return basket_refusal("basket-expired")
        case "pending", _:
            return basket_refusal("basket-busy")
    return DomainError("order-state", f"The order of this basket is {placed.order_status}.")


def _declined(placed: Placed, failure: str | None) -> DomainError:
    words, extra = "The payment was declined and nothing was charged.", {"failure": failure}
    if placed.order_status == "pending":
        words += " Your tickets are still held."
        extra["basket_id"] = str(placed.basket_id)
    return DomainError("payment-declined", words, extra)


def _refunded() -> DomainError:
    return DomainError("order-state", "These tickets could no longer be had; the payment is being refunded.")
