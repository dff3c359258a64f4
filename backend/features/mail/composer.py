"""From a domain event to the message that tells the customer of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol
from uuid import UUID

from backend.domain.addresses import mail_address
from backend.domain.orders import OrderView
from backend.features.mail.letters import LETTERS, Letter
from backend.features.mail.page import as_html, as_text
from backend.features.mail.words import one_line
from backend.messaging.events import Failure, OutboxEvent

WANTS = frozenset(LETTERS)


class OrderReader(Protocol):
    """Where orders are read."""

    async def order_view(self, order_id: UUID) -> OrderView | None:
        """The order as it is now; None when there is none."""


Pdf = Callable[[OrderView], Awaitable[bytes | None]]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes. Answers go to reply_to, which a person reads."""

    address: str
    name: str = "AegisTickets"
    reply_to: str | None = None

    def __post_init__(self) -> None:
        mail_address(self.address, self.name)
        if self.reply_to is not None:
            mail_address(self.reply_to)


class Composer:
    """Writes to the address that the order has, and to nobody when it has none.

    link: the order's page, with its token. pdf: the tickets on paper, if they can be had.
    """

    def __init__(
        self, orders: OrderReader, link: Callable[[UUID], str], sender: Sender, *, pdf: Pdf | None = None
    ) -> None:
        self._orders = orders
        self._link = link
        self._sender = sender
        self._pdf = pdf

    async def __call__(self, event: OutboxEvent) -> EmailMessage | Failure | None:
        """The message; None when nobody is to be written to."""
        if event.order_id is None or event.type not in LETTERS:
            return None
        order = await self._orders.order_view(event.order_id)
        if order is None:
            return Failure(f"there is no order {event.order_id}", for_good=True)
        letter = LETTERS[event.type](order, event.payload) if order.email else None
        if letter is None or order.email is None:
            return None
        try:
            recipient = mail_address(order.email)
        except ValueError as error:
            return Failure(f"the customer's address: {error}", for_good=True)
        return await self._message(event, order, letter, recipient)

    async def _message(self, event: OutboxEvent, order: OrderView, letter: Letter, to: Address) -> EmailMessage:
        sender = mail_address(self._sender.address, self._sender.name)
        message = EmailMessage()
        message["From"] = sender
        # The name that somebody typed at checkout stays out of it: it could be an advertisement to a stranger.
        message["To"] = to
        if self._sender.reply_to:
            message["Reply-To"] = mail_address(self._sender.reply_to)
        message["Subject"] = one_line(letter.subject, most=150)
        message["Date"] = format_datetime(event.created_at)
        message["Message-ID"] = f"<{event.id}.{event.type.replace('.', '-')}.{order.number}@{sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"  # so that nobody's holiday notice answers
        link, foot = self._link(order.id), f"Order {order.number} at {self._sender.name}"
        message.set_content(as_text(letter, link, foot))
        message.add_alternative(as_html(letter, link, foot), subtype="html")
        if letter.with_pdf and self._pdf is not None and (pdf := await self._pdf(order)) is not None:
            message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"tickets-{order.number}.pdf")
        return message
