"""The tickets of an order as a PDF: one A6 page each, which prints well and shows well on a phone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from reportlab.lib.pagesizes import A6
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from backend.domain.orders import EventView, OrderView, TicketView
from backend.features.orders.documents import qr
from backend.features.orders.documents.lettering import BOLD, REGULAR, Style, fit, load_fonts

_WIDTH, _HEIGHT = A6
_MARGIN = 9 * mm
_ROOM = _WIDTH - 2 * _MARGIN
_CODE_SIZE = 46 * mm
_QUIET = 4  # modules of white around a QR code
_FAINT, _RULE = 0.42, 0.8  # greys
_TITLE = Style(BOLD, (17, 15, 13, 11), lines=3)
_PLAIN = Style(REGULAR, (10, 9), lines=2)
_TYPE = Style(BOLD, (12, 10, 9), lines=2)
_SEAT = Style(BOLD, (12, 10, 9))
_PRICE = Style(REGULAR, (10,), grey=_FAINT)
_SMALL = Style(REGULAR, (7,), grey=_FAINT)


def order_pdf(order: OrderView, key: Ed25519PrivateKey) -> bytes:
    """All tickets that open a door. The same order gives the same bytes."""
    return next(document for document in draw(order, key) if document is not None)


def draw(order: OrderView, key: Ed25519PrivateKey) -> Iterator[bytes | None]:
    """Draw page after page, None for each, and at last the document.

    Ten milliseconds a page: keep it off the event loop, and in one thread, for reportlab has its fonts in globals.
    """
    load_fonts()
    out = io.BytesIO()
    page = Canvas(out, pagesize=A6, invariant=1, pageCompression=1, lang="en")
    page.setTitle(f"Order {order.number}")
    page.setAuthor("AegisTickets")
    wanted = [ticket for ticket in order.tickets if ticket.admits]
    for number, ticket in enumerate(wanted, start=1):
        _draw_ticket(page, ticket, qr.ticket_payload(ticket.code, ticket.event.id, key))
        _draw_footer(page, order, f"{number} of {len(wanted)}" if len(wanted) > 1 else "")
        page.showPage()
        yield None
    if not wanted:
        _draw_nothing(page, order)
    page.save()
    yield out.getvalue()


def long_date(event: EventView) -> str:
    """Friday 12 March 2027, by the venue's clock."""
    return f"{event.local_start:%A %-d %B %Y}"


def clock_time(event: EventView) -> str:
    """19:30 (Europe/Warsaw): whoever travels there has to know whose clock it is."""
    return f"{event.local_start:%H:%M} ({event.timezone})"


def _draw_ticket(page: Any, ticket: TicketView, payload: str) -> None:
    event = ticket.event
    top = _write(page, _HEIGHT - _MARGIN, event.name, _TITLE)
    top = _write(page, top - 4, long_date(event), _PLAIN)
    top = _write(page, top, clock_time(event), _PLAIN)
    top = _write(page, top, f"{event.venue}, {event.city}", _PLAIN)
    _rule(page, top - 5)
    top = _write(page, top - 9, ticket.ticket_type, _TYPE)
    if ticket.seat:
        top = _write(page, top, _capital(ticket.seat), _SEAT)
    _write(page, top, str(ticket.price) if ticket.price.minor else "Free", _PRICE)
    _draw_code(page, payload, _MARGIN + 14 * mm)
    page.setFont(REGULAR, 7.5)
    page.drawCentredString(_WIDTH / 2, _MARGIN + 10.5 * mm, str(ticket.code))


def _draw_footer(page: Any, order: OrderView, place: str) -> None:
    _rule(page, _MARGIN + 5 * mm)
    holder = f"Order {order.number}" + (f", {order.name}" if order.name else "")
    _, lines = fit(holder, _SMALL, _ROOM - 20 * mm)
    page.setFillGray(_SMALL.grey)
    page.setFont(_SMALL.font, _SMALL.sizes[0])
    page.drawString(_MARGIN, _MARGIN, lines[0])
    page.drawRightString(_WIDTH - _MARGIN, _MARGIN, place)


def _draw_nothing(page: Any, order: OrderView) -> None:
    top = _write(page, _HEIGHT - _MARGIN, f"Order {order.number}", _TITLE)
    _write(page, top - 4, "This order has no tickets in force.", _PLAIN)
    page.showPage()


def _write(page: Any, top: float, text: str, style: Style) -> float:
    """Set the text below `top` and answer where it ends."""
    size, lines = fit(text, style, _ROOM)
    page.setFillGray(style.grey)
    page.setFont(style.font, size)
    for line in lines:
        page.drawString(_MARGIN, top - size, line)
        top -= size * 1.32
    return top


def _rule(page: Any, height: float) -> None:
    page.setStrokeGray(_RULE)
    page.setLineWidth(0.6)
    page.line(_MARGIN, height, _WIDTH - _MARGIN, height)


def _draw_code(page: Any, payload: str, bottom: float) -> None:
    rows = qr.code(payload).matrix
    module = _CODE_SIZE / (len(rows) + 2 * _QUIET)
    left = (_WIDTH - _CODE_SIZE) / 2 + _QUIET * module
    top = bottom + _CODE_SIZE - _QUIET * module
    path = page.beginPath()
    for down, row in enumerate(rows, start=1):
        across = 0
        for dark, run in groupby(row):
            length = sum(1 for _ in run)
            if dark:
                path.rect(left + across * module, top - down * module, length * module, module)
            across += length
    page.setFillGray(0)
    page.drawPath(path, stroke=0, fill=1)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
