"""Tickets on paper and on screen, for whoever has an order: one key, and one thread that does the slow drawing."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from cryptography.hazmat.primitives import serialization

from backend.domain.orders import OrderView
from backend.features.orders.documents import pdf, qr


class Printer:
    """Prints the tickets of one shop. secret: the shop's, from which the signing key follows."""

    def __init__(self, secret: str) -> None:
        self._key = qr.signing_key(secret)
        # One thread: reportlab keeps its fonts in globals, and more would only fight for the interpreter.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="printer")

    def svg(self, code: UUID, event_id: int) -> str:
        """The ticket's QR code; five milliseconds the first time, none afterwards."""
        return qr.ticket_svg(qr.ticket_payload(code, event_id, self._key))

    async def pdf(self, order: OrderView, code: UUID | None = None) -> bytes:
        """All tickets in force of the order, or the one of this code."""
        tickets = None if code is None else [ticket for ticket in order.tickets if ticket.code == code]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, pdf.order_pdf, order, self._key, tickets)

    @property
    def public_key(self) -> str:
        """What a door needs to verify tickets, as PEM."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
