"""Tickets on paper and on screen, for whoever has an order: one key, and one thread that does the slow drawing."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from backend.domain.errors import DomainError
from backend.domain.orders import OrderView, TicketView
from backend.features.orders.documents import pdf, qr
from backend.memory import Freshness, Memory

# A minute spares the second download; a document of ten tickets has 80 kB.
_FRESHNESS = Freshness(fresh=60.0, usable=60.0, most=32)
_MOST = 16  # orders drawn at a time; the last page of ten tickets each comes within the deadline of a request


class Printer:
    """Prints the tickets of one shop. secret: the shop's, from which the signing key follows."""

    def __init__(self, secret: str) -> None:
        self._key = qr.signing_key(secret)
        # One thread: reportlab keeps its fonts in globals, and more would only fight for the interpreter.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="printer")
        # An order and all that is printed of it is the key, so a change of it is drawn anew.
        self._documents: Memory[OrderView, bytes] = Memory(self._draw, _FRESHNESS)
        self._drawing = 0

    def svg(self, ticket: TicketView) -> str:
        """The ticket's QR code, or that it is no longer valid; a millisecond the first time, none afterwards."""
        return (
            qr.ticket_svg(qr.ticket_payload(ticket.code, ticket.event.id, self._key)) if ticket.admits else qr.VOID_SVG
        )

    async def pdf(self, order: OrderView) -> bytes:
        """All valid tickets of the order. DomainError while too many others are being drawn."""
        return await self._documents.get(order)

    async def _draw(self, order: OrderView) -> tuple[bytes, datetime | None]:
        if self._drawing >= _MOST:
            raise DomainError("unavailable", "Many tickets are being printed just now. Please try again.")
        self._drawing += 1
        try:
            return await self._page_by_page(order), None
        finally:
            self._drawing -= 1

    async def _page_by_page(self, order: OrderView) -> bytes:
        """The thread takes a page of each order in turn, so that two tickets never wait for somebody else's hundred."""
        steps = pdf.draw(order, self._key)
        loop = asyncio.get_running_loop()
        while True:
            document = await loop.run_in_executor(self._thread, next, steps)
            if document is not None:
                return document

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
