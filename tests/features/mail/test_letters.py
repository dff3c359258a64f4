"""What customers read, as their mail programs get it."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from html import escape
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.money import Money
from backend.domain.orders import EventView, OrderView, TicketView
from backend.features.mail.composer import WANTS, Composer, Pdf, Sender
from backend.messaging.events import Failure, OutboxEvent

ORDER_ID = UUID("0192f0c1-0000-7000-8000-00001a2b3c4d")
LINK = f"https://tickets.example/orders/{ORDER_ID}?token=s3cr3t&x=1"
CONCERT = EventView(1, "Winter Concert", datetime(2026, 12, 12, 19, 30, tzinfo=UTC), "Europe/Dublin", "Hall", "Dublin")
ORGAN = EventView(2, "Night of the Organ", datetime(2026, 12, 20, 18, 0, tzinfo=UTC), "Europe/Paris", "Nave", "Lyon")


def ticket(event: EventView = CONCERT, kind: str = "Stalls", cents: int = 9999, **more: Any) -> TicketView:
    return TicketView(UUID(int=1), event, kind, Money(cents, "EUR"), **more)


def order(*tickets: TicketView, **more: Any) -> OrderView:
    total = sum((it.price for it in tickets), start=Money.zero("EUR"))
    made = OrderView(ORDER_ID, "paid", total, datetime(2026, 11, 1, tzinfo=UTC), tickets, email="ana@example.com")
    return replace(made, **more)


def composer(order: OrderView | None, pdf: Pdf | None = None) -> Composer:
    class Reader:
        async def order_view(self, order_id: UUID) -> OrderView | None:
            return order if order_id == ORDER_ID else None

    return Composer(
        Reader(), lambda _id: LINK, Sender("tickets@tickets.example", reply_to="help@tickets.example"), pdf=pdf
    )


def event(type_: str, **payload: Any) -> OutboxEvent:
    return OutboxEvent(17, type_, ORDER_ID, payload, datetime(2026, 11, 23, 10, 0, tzinfo=UTC))


async def write(order: OrderView, type_: str = "order.paid", pdf: Pdf | None = None, **payload: Any) -> EmailMessage:
    """The message as it arrives: written out and read again."""
    message = await composer(order, pdf)(event(type_, **payload))
    assert isinstance(message, EmailMessage), message
    return BytesParser(policy=default).parsebytes(message.as_bytes(policy=SMTP))


def text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def flat(text: str) -> str:
    return " ".join(text.split())


async def test_paid_tickets_come_with_link_list_price_and_when_they_can_be_given_back() -> None:
    message = await write(
        order(
            ticket(seat="row C, seat 14"),
            ticket(seat="row C, seat 15"),
            ticket(ORGAN, "Standing", 2500),
            ticket(ORGAN, "Standing", 2500),
            refundable_until=datetime(2026, 12, 5, 19, 30, tzinfo=UTC),
            fee=Money(500, "EUR"),
        )
    )
    assert message["Subject"] == "Your tickets for Winter Concert and Night of the Organ"
    assert (
        text(message)
        == f"""\
Your 4 tickets

At the door, show the QR code of each ticket: on your phone, or printed.

Winter Concert
Saturday 12 December 2026, 19:30
Hall, Dublin
- Stalls, row C, seat 14, 99.99 EUR
- Stalls, row C, seat 15, 99.99 EUR

Night of the Organ
Sunday 20 December 2026, 19:00
Nave, Lyon
- 2 tickets: Standing, 25.00 EUR each

See your tickets:
{LINK}

Paid: 249.98 EUR.

You can cancel until Saturday 5 December 2026, 19:30 (Dublin time). We
then keep a fee of 5.00 EUR and send back the rest.

Whoever opens the link has the tickets, so keep this message to
yourself.

--\x20
Order 1A2B3C4D at AegisTickets
"""
    )


async def test_a_free_ticket_mentions_no_money() -> None:
    message = await write(order(ticket(cents=0), refundable_until=datetime(2026, 12, 5, 19, 30, tzinfo=UTC)))
    assert message["Subject"] == "Your ticket for Winter Concert"
    said = flat(text(message))
    assert "- 1 ticket: Stalls, free" in text(message)
    assert "There was nothing to pay." in said
    assert "You can cancel until Saturday 5 December 2026, 19:30 (Dublin time)." in said
    assert "EUR" not in said


async def test_tickets_that_cannot_be_given_back_say_so() -> None:
    assert "These tickets cannot be given back." in text(await write(order(ticket())))


async def test_the_tickets_on_paper_are_attached_where_they_can_be_had() -> None:
    async def pdf(view: OrderView) -> bytes:
        return b"%PDF-" + view.number.encode()

    (paper,) = (await write(order(ticket()), pdf=pdf)).iter_attachments()
    assert (paper.get_content_type(), paper.get_filename()) == ("application/pdf", "tickets-1A2B3C4D.pdf")
    assert paper.get_content() == b"%PDF-1A2B3C4D"

    async def none(_view: OrderView) -> None:
        return None

    assert list((await write(order(ticket()), pdf=none)).iter_attachments()) == []


@pytest.mark.parametrize(
    ("refund", "fee", "sentence"),
    [
        (9499, 500, "You get 94.99 EUR back. We keep the fee of 5.00 EUR."),
        (9999, 0, "You get back all that you paid for it: 99.99 EUR."),
        (0, 9999, "The fee of 99.99 EUR is all that you paid, so no money comes back."),
    ],
)
async def test_a_cancellation_says_what_comes_back(refund: int, fee: int, sentence: str) -> None:
    terms: dict[str, Any] = {"refund_minor": refund, "fee_minor": fee, "currency": "EUR", "by": "customer"}
    message = await write(order(ticket(state="void"), status="cancelled"), "order.cancelled", **terms)
    assert message["Subject"] == "Cancelled: Winter Concert"
    said = flat(text(message))
    assert "Your ticket is cancelled As you asked, we cancelled 1 ticket for Winter Concert." in said
    assert sentence in said
    assert ("The money goes back the way you paid." in said) == (refund > 0)


async def test_cancelling_free_tickets_mentions_no_money() -> None:
    terms: dict[str, Any] = {"refund_minor": 0, "fee_minor": 0, "currency": "EUR", "by": "customer"}
    said = text(await write(order(ticket(cents=0, state="void")), "order.cancelled", **terms))
    assert "EUR" not in said
    assert "money" not in said


async def test_of_a_cancelled_event_all_comes_back_and_the_other_tickets_stay() -> None:
    off = replace(CONCERT, cancelled=True)
    terms: dict[str, Any] = {"refund_minor": 9999, "fee_minor": 0, "currency": "EUR", "by": "event"}
    message = await write(order(ticket(off, state="void"), ticket(ORGAN)), "order.cancelled", **terms)
    assert message["Subject"] == "Cancelled: Winter Concert"
    said = flat(text(message))
    assert "We are sorry: Winter Concert will not take place." in said
    assert "You get back all that you paid for it: 99.99 EUR." in said
    assert "Your other tickets stay valid: Night of the Organ." in said


async def test_a_later_cancellation_does_not_speak_of_an_event_that_was_cancelled_before() -> None:
    off = replace(ORGAN, cancelled=True)
    terms: dict[str, Any] = {"refund_minor": 9999, "fee_minor": 0, "currency": "EUR", "by": "customer"}
    message = await write(order(ticket(state="void"), ticket(off, state="void")), "order.cancelled", **terms)
    assert message["Subject"] == "Cancelled: Winter Concert"
    assert "Night of the Organ" not in text(message)


@pytest.mark.parametrize(
    ("reason", "subject", "sentence"),
    [
        ("too_late", "Your payment came too late: you get 99.99 EUR back", "its tickets were sold to others already"),
        ("event_cancelled", "These tickets are no longer on sale: you get 99.99 EUR back", "No ticket was issued."),
        ("paid_twice", "Your order was paid twice: you get 99.99 EUR back", "Your tickets stay as they are."),
        ("cancelled", "Your payment came after the cancellation: you get 99.99 EUR back", "was cancelled already"),
    ],
)
async def test_money_that_was_not_needed_is_announced_as_coming_back(reason: str, subject: str, sentence: str) -> None:
    message = await write(order(), "refund.due", amount_minor=9999, currency="EUR", reason=reason)
    assert message["Subject"] == subject
    assert sentence in flat(text(message))
    assert "All of it comes back to you: 99.99 EUR." in flat(text(message))


async def test_a_refund_that_was_sent_and_one_that_failed() -> None:
    sent = await write(order(ticket(state="void")), "refund.done", amount_minor=9499, currency="EUR", failure=None)
    assert sent["Subject"] == "Your refund of 94.99 EUR was sent"
    failed = await write(order(), "refund.failed", amount_minor=9499, currency="EUR", failure="account_closed")
    assert failed["Subject"] == "Your refund of 94.99 EUR is delayed"
    assert "answer this message" in flat(text(failed))
    assert failed["Reply-To"] == "help@tickets.example"


async def test_nobody_is_written_to_without_an_address() -> None:
    assert await composer(order(ticket(), email=None))(event("order.paid")) is None


async def test_tickets_given_back_before_the_letter_was_written_are_not_sent() -> None:
    assert await composer(order(ticket(state="void")))(event("order.paid")) is None


async def test_an_event_that_is_no_customers_business_sends_nothing() -> None:
    assert "order.placed" not in WANTS
    assert await composer(order(ticket()))(event("order.placed")) is None


async def test_an_order_that_does_not_exist_fails_for_good() -> None:
    answer = await composer(None)(event("order.paid"))
    assert isinstance(answer, Failure)
    assert answer.for_good


async def test_the_same_event_makes_a_message_with_the_same_name_and_date() -> None:
    first, second = await write(order(ticket())), await write(order(ticket()))
    assert first["Message-ID"] == second["Message-ID"] == "<17.order-paid.1A2B3C4D@tickets.example>"
    assert first["Date"] == second["Date"] == "Mon, 23 Nov 2026 10:00:00 +0000"


async def test_no_automatic_answer_is_asked_for() -> None:
    assert (await write(order(ticket())))["Auto-Submitted"] == "auto-generated"


HEADERS = {
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"),
}


@given(name=st.text(min_size=1), place=st.text(), kind=st.text(), seat=st.none() | st.text())
def test_no_text_of_an_event_reaches_a_header_of_its_own(name: str, place: str, kind: str, seat: str | None) -> None:
    odd = replace(CONCERT, name=name, venue=place, city=place)
    message = asyncio.run(write(order(ticket(odd, kind, seat=seat)), pdf=None))
    assert set(message.keys()) == HEADERS
    assert message["To"] == "ana@example.com"
    assert "\n" not in message["Subject"]


async def test_a_line_break_in_an_events_name_does_not_begin_a_header() -> None:
    sly = replace(CONCERT, name="Concert\r\nBcc: everyone@example.com\r\n\r\nBuy here")
    message = await write(order(ticket(sly)))
    assert message["Subject"] == "Your ticket for Concert Bcc: everyone@example.com Buy here"
    assert "Bcc" not in message


async def test_control_characters_are_left_out() -> None:
    message = await write(order(ticket(replace(CONCERT, name="Con\0cert \x1b[31mred\x7f"))))
    assert message["Subject"] == "Your ticket for Concert [31mred"
    assert "\nConcert [31mred\n" in text(message)


async def test_what_somebody_typed_as_a_name_is_not_sent_to_a_stranger() -> None:
    message = await write(order(ticket(), name="Win a prize at https://evil.example"))
    assert "evil.example" not in message.as_string()


async def test_html_shows_text_as_text() -> None:
    message = await write(order(ticket(replace(CONCERT, name="<script>alert(1)</script> & Co"))))
    assert "<script" not in html(message)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in html(message)


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"img", "script", "link", "iframe", "form"}, "nothing is fetched or run"
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


async def test_html_has_one_link_and_says_all_that_the_plain_text_says() -> None:
    message = await write(order(ticket(seat="row C, seat 14"), ticket(ORGAN)))
    seen = _Seen()
    seen.feed(html(message))
    assert seen.links == [LINK]
    assert f'href="{escape(LINK)}"' in html(message)
    assert "url(" not in html(message)
    shown = flat(" ".join(seen.words))
    for paragraph in text(message).replace(f":\n{LINK}", "").split("\n\n"):
        for line in [flat(paragraph)] if "- " not in paragraph else paragraph.split("\n"):
            assert line.removeprefix("- ").removeprefix("-- ") in shown


async def test_html_has_its_colours_for_light_and_dark() -> None:
    page = html(await write(order(ticket())))
    assert '<meta name="color-scheme" content="light dark">' in page
    assert "@media (prefers-color-scheme: dark)" in page
    assert not re.search(r"\$\w", page), "every place is filled in"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ana",
        "ana@",
        "@example.com",
        "ana@localhost",
        "ana@example.com, bo@example.com",
        "ana@example.com\r\nBcc: bo@example.com",
        "Ana <ana@example.com>",
        "ana@example.com>",
        "ana@exa mple.com",
        "ana@.",
        "ana@" + "x" * 80 + ".com",
    ],
)
async def test_what_is_not_one_address_is_not_written_to(address: str) -> None:
    answer = await composer(order(ticket(), email=address))(event("order.paid"))
    assert answer is None if address == "" else isinstance(answer, Failure) and answer.for_good
    assert not isinstance(answer, Failure) or address not in answer.reason, "addresses stay out of logs"


def test_a_sender_that_cannot_write_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="Must be an e-mail address"):
        Sender("tickets")
    with pytest.raises(ValueError, match="Must be an e-mail address"):
        Sender("tickets@tickets.example", reply_to="help")
