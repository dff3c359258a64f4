"""From a purchase in the database to the customer's mailbox."""

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from uuid import UUID, uuid4

from backend.db.pool import Database
from backend.features.inventory.holds import HoldLimits, HoldLine, HoldRequest, Holds
from backend.features.mail.composer import WANTS, Composer, Sender
from backend.features.orders.orders import Orders
from backend.messaging.relay import Relay
from backend.messaging.sinks.mail import MailSink
from backend.messaging.sinks.mailbox import Mailbox
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from tests.box_office import BoxOffice

CHECKOUT = """
SELECT order_id FROM checkout_v1(
    ARRAY[%(basket)s]::uuid[], ARRAY[%(order)s]::uuid[], ARRAY[%(payment)s]::uuid[], ARRAY[%(email)s]::text[],
    ARRAY[NULL]::text[], ARRAY[NULL]::text[], ARRAY[NULL]::text[], ARRAY['card'], 'free', interval '1 minute')
"""


async def buy(box_office: BoxOffice, email: str | None) -> UUID:
    """Two seats, free of charge."""
    sale = await box_office.publish(seated=True)
    holds = Holds(box_office.database, HoldLimits())
    held = await holds.submit(HoldRequest((HoldLine(sale.type_id, sale.pool_id, 2, sale.seat_ids[:2]),)))
    order_id: UUID = await box_office.value(
        CHECKOUT, basket=held.basket_id, order=uuid4(), payment=uuid4(), email=email
    )
    return order_id


def orders_in(db: Database) -> Orders:
    return Orders(db, Metrics(load_promise()))


async def post(db: Database, folder: Path) -> None:
    """Route and deliver whatever there is."""
    compose = Composer(
        orders_in(db), lambda order_id: f"https://shop.example/orders/{order_id}", Sender("t@shop.example")
    )
    sink = MailSink(WANTS, compose, Mailbox(folder))
    relay = Relay(db, [sink])
    await relay.route()
    await relay.deliver(sink)
    assert await db.fetch_value("SELECT count(*) FROM delivery") == 0


def letters(folder: Path) -> list[EmailMessage]:
    return [BytesParser(policy=default).parsebytes(file.read_bytes()) for file in sorted(folder.glob("*.eml"))]


async def test_a_buyer_gets_the_tickets_and_after_cancelling_the_confirmation(
    db: Database, box_office: BoxOffice, tmp_path: Path
) -> None:
    order_id = await buy(box_office, "ana@example.com")
    await post(db, tmp_path)
    await orders_in(db).cancel(order_id)
    await post(db, tmp_path)
    tickets, cancellation = letters(tmp_path)
    assert [letter["To"] for letter in (tickets, cancellation)] == ["ana@example.com"] * 2
    assert tickets["Subject"].startswith("Your tickets for event-")
    assert cancellation["Subject"].startswith("Cancelled: event-")
    body = tickets.get_body(("plain",))
    assert body is not None
    lines = body.get_content().splitlines()
    assert f"https://shop.example/orders/{order_id}" in lines
    assert [line.partition(", ")[2] for line in lines if line.startswith("- ")] == [
        "row A, seat 1, free",
        "row A, seat 2, free",
    ]


async def test_a_buyer_who_keeps_the_link_gets_no_mail(db: Database, box_office: BoxOffice, tmp_path: Path) -> None:
    await buy(box_office, None)
    await post(db, tmp_path)
    assert letters(tmp_path) == []
