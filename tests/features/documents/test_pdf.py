import io
import sys
from dataclasses import replace
from uuid import UUID

import pypdfium2  # type: ignore[import-untyped] # published without types
import pytest

from backend.domain.money import Money
from backend.domain.orders import TicketView
from backend.features.orders.documents import pdf
from backend.features.orders.documents.lettering import load_fonts, printable
from backend.features.orders.documents.qr import TicketClaim
from tests.features.documents.samples import EVENING, order, ticket
from tests.features.documents.scanning import KEY, scanned


def pages(document: bytes) -> list[str]:
    """The text of each page, on one line."""
    return [
        " ".join(page.get_textpage().get_text_bounded().split()) for page in pypdfium2.PdfDocument(io.BytesIO(document))
    ]


def test_each_ticket_has_a_page_that_says_everything_the_door_and_the_guest_need() -> None:
    first, second = pages(pdf.order_pdf(order(ticket(14), ticket(15)), KEY))
    for said in (
        "Winter Evening with Łukasz",
        "Friday 12 March 2027",
        "19:30 (Europe/Warsaw)",
        "Hala Wodna, Łódź",
        "Stalls",
        "Row C, seat 14",
        "65.50 EUR",
        str(UUID(int=14)),
        "Order C0FFEE42, Zoë Ångström",
        "1 of 2",
    ):
        assert said in first
    assert "Row C, seat 15" in second
    assert "2 of 2" in second


def test_the_printed_codes_are_those_of_the_tickets() -> None:
    document = pdf.order_pdf(order(ticket(14), ticket(15)), KEY)
    assert scanned(document) == [TicketClaim(UUID(int=14), 7), TicketClaim(UUID(int=15), 7)]


def test_void_tickets_are_not_printed() -> None:
    (only,) = pages(pdf.order_pdf(order(ticket(14, state="void"), ticket(15)), KEY))
    assert "seat 15" in only


def test_an_order_without_tickets_says_so() -> None:
    assert pages(pdf.order_pdf(order(ticket(14, state="void"), status="cancelled"), KEY)) == [
        "Order C0FFEE42 This order has no tickets in force."
    ]


def test_the_same_order_gives_the_same_bytes() -> None:
    assert pdf.order_pdf(order(ticket(14)), KEY) == pdf.order_pdf(order(ticket(14)), KEY)


def test_a_price_of_nothing_is_free() -> None:
    (page,) = pages(pdf.order_pdf(order(ticket(1, seat=None, price=Money.zero("EUR"))), KEY))
    assert "Free" in page
    assert "seat" not in page


@pytest.mark.parametrize("name", ["Ελλάδα", "Київська ніч", "Þórsmörk", "Đặng Văn", "Ստեփան", "ქართული", "€ ½ № ♫"])
def test_names_in_many_scripts_can_be_read_from_the_page(name: str) -> None:
    (page,) = pages(pdf.order_pdf(order(ticket(14, event=replace(EVENING, name=name))), KEY))
    assert name in page


def test_what_the_typeface_lacks_is_shown_as_a_box_and_what_is_invisible_disappears() -> None:
    load_fonts()
    assert printable("東京 🎫") == "□□ □"
    assert printable("a\u200db\x00c\u202ed\u1ab0") == "abcd"
    assert printable("Z\u030ci\u0301z\u030cek") == "Žížek"


def test_no_character_of_unicode_breaks_a_ticket() -> None:
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    samples = ["".join(every[start : start + 997 * 200 : 997]) for start in range(0, 997, 50)]
    for text in samples:
        event = replace(EVENING, name=text, venue=text, city=text)
        changed: TicketView = ticket(14, event=event, ticket_type=text, seat=text)
        assert scanned(pdf.order_pdf(order(changed, name=text), KEY)) == [TicketClaim(UUID(int=14), 7)]


@pytest.mark.parametrize("text", ["W" * 500, "long words " * 60, "", " "])
def test_text_of_any_length_leaves_the_code_readable(text: str) -> None:
    event = replace(EVENING, name=text, venue=text, city=text)
    changed = ticket(14, event=event, ticket_type=text, seat=text)
    assert scanned(pdf.order_pdf(order(changed, name=text), KEY)) == [TicketClaim(UUID(int=14), 7)]
