"""What each letter says, for each thing that happens to an order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.domain.money import Money
from backend.domain.orders import EventView, OrderView, TicketView
from backend.features.mail.words import count, deadline, names

_BACK: Final = (
    "The money goes back the way you paid. It usually takes five to ten working days. "
    "We write again once it has been sent."
)


@dataclass(frozen=True, slots=True)
class Letter:
    """tickets: listed below the opening. action: what the button says that leads to the order's page."""

    subject: str
    title: str
    opening: tuple[str, ...]
    closing: tuple[str, ...] = ()
    tickets: tuple[TicketView, ...] = ()
    action: str = "See your order"
    with_pdf: bool = False


Writer = Callable[[OrderView, Mapping[str, Any]], Letter | None]


def paid(order: OrderView, _payload: Mapping[str, Any]) -> Letter | None:
    """The tickets; none when they were given back before this letter could be written."""
    tickets = order.in_force
    if not tickets:
        return None
    number = len(tickets)
    return Letter(
        subject=f"Your {'ticket' if number == 1 else 'tickets'} for {names(_events(tickets))}",
        title="Your ticket" if number == 1 else f"Your {number} tickets",
        opening=("At the door, show the QR code of each ticket: on your phone, or printed.",),
        tickets=tickets,
        closing=(
            f"Paid: {order.total}." if order.total.minor else "There was nothing to pay.",
            _how_to_cancel(order),
            "Whoever opens the link has the tickets, so keep this message to yourself.",
        ),
        action="See your ticket" if number == 1 else "See your tickets",
        with_pdf=True,
    )


def cancelled(order: OrderView, payload: Mapping[str, Any]) -> Letter:
    """Tickets that are no longer valid, and what happens to their money."""
    refund = Money(payload["refund_minor"], payload["currency"])
    fee = Money(payload["fee_minor"], payload["currency"])
    by_event = payload["by"] == "event"
    void = [ticket for ticket in order.tickets if ticket.state == "void"]
    gone = [ticket for ticket in void if ticket.event.cancelled == by_event] or void
    what = names(_events(gone))
    if by_event:
        title = f"{what} will not take place"
        opening = f"We are sorry: {title}. Tickets for it are no longer valid."
    else:
        title = "Your tickets are cancelled" if len(gone) > 1 else "Your ticket is cancelled"
        opening = f"As you asked, we cancelled {count(len(gone), 'ticket')} for {what}. They let nobody in any more."
    stays = (f"Your other tickets stay valid: {names(_events(order.in_force))}.",) if order.in_force else ()
    return Letter(subject=f"Cancelled: {what}", title=title, opening=(opening, *_money_back(refund, fee), *stays))


def refund_due(order: OrderView, payload: Mapping[str, Any]) -> Letter:
    """Money came for which there is nothing to give."""
    amount = Money(payload["amount_minor"], payload["currency"])
    title, why = _NOT_NEEDED[payload["reason"]]
    return Letter(
        subject=f"{title}: you get {amount} back",
        title=title,
        opening=(why.format(amount=amount, order=order.number), f"All of it comes back to you: {amount}.", _BACK),
    )


def refund_done(order: OrderView, payload: Mapping[str, Any]) -> Letter:
    """The provider has sent the money."""
    amount = Money(payload["amount_minor"], payload["currency"])
    return Letter(
        subject=f"Your refund of {amount} was sent",
        title=f"{amount} are on the way to you",
        opening=(
            f"We have sent {amount} back the way you paid, for order {order.number}.",
            "Your bank may take some working days to show it.",
        ),
    )


def refund_failed(order: OrderView, payload: Mapping[str, Any]) -> Letter:
    """The provider will not send it: a person has to."""
    amount = Money(payload["amount_minor"], payload["currency"])
    return Letter(
        subject=f"Your refund of {amount} is delayed",
        title="Your refund is delayed",
        opening=(
            f"We tried to send {amount} back the way you paid, and that did not work. The money is still yours.",
            "Somebody of us looks after it now and will write to you. There is nothing that you have to do.",
            f"Should you hear nothing within five working days, answer this message. Your order is {order.number}.",
        ),
    )


LETTERS: Final[Mapping[str, Writer]] = {
    "order.paid": paid,
    "order.cancelled": cancelled,
    "refund.due": refund_due,
    "refund.done": refund_done,
    "refund.failed": refund_failed,
}

# By the reason of a refund: what the letter is called, and why the money was not needed.
_NOT_NEEDED: Final = {
    "too_late": (
        "Your payment came too late",
        "Your payment of {amount} for order {order} reached us when its tickets were sold to others already.",
    ),
    "event_cancelled": (
        "These tickets are no longer on sale",
        "Your payment of {amount} for order {order} reached us when its event was sold no more. No ticket was issued.",
    ),
    "paid_twice": (
        "Your order was paid twice",
        "A second payment of {amount} reached us for order {order}. Your tickets stay as they are.",
    ),
    "cancelled": (
        "Your payment came after the cancellation",
        "Your payment of {amount} reached us when order {order} was cancelled already.",
    ),
}


def _how_to_cancel(order: OrderView) -> str:
    if order.refundable_until is None:
        return "These tickets cannot be given back."
    until = deadline(order.refundable_until, order.events[0])
    if order.fee is not None and order.fee.minor:
        return f"You can cancel until {until}. We then keep a fee of {order.fee} and send back the rest."
    return f"You can cancel until {until}" + (", and get all of it back." if order.total.minor else ".")


def _money_back(refund: Money, fee: Money) -> tuple[str, ...]:
    """Sentences about the money; none when there was nothing to pay."""
    if refund.minor and fee.minor:
        return (f"You get {refund} back. We keep the fee of {fee}.", _BACK)
    if refund.minor:
        return (f"You get back all that you paid for it: {refund}.", _BACK)
    if fee.minor:
        return (f"The fee of {fee} is all that you paid, so no money comes back.",)
    return ()


def _events(tickets: Sequence[TicketView]) -> list[EventView]:
    """Each event of the tickets once, the earliest first."""
    return sorted({ticket.event for ticket in tickets}, key=lambda event: (event.starts_at, event.id))
