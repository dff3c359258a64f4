"""Somebody who waits: takes a place, asks where it stands, and holds with their admission."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from backend.features.waiting.inlet import Objectives
from tests.box_office import BoxOffice, Sale
from tests.shop import Answer, Shop

OBJECTIVES = Objectives(late=0.05, failed=0.001, busy=0.8)


async def put_room(box_office: BoxOffice, sale: Sale, mode: str) -> None:
    """Give the event a waiting room, as an event file does."""
    await box_office.database.execute(
        "UPDATE event SET waiting_room = %(mode)s WHERE id = %(event)s; SELECT pg_notify('catalogue', '[]')",
        {"mode": mode, "event": sale.event_id},
    )


def address(sale: Sale) -> str:
    return f"/api/events/{sale.event_id}/place"


@dataclass
class Person:
    """Without cookies: what they were told last is in `said`."""

    shop: Shop
    sale: Sale
    said: Any = None
    ip: str = "192.0.2.1"

    async def take(self) -> Answer:
        """A place."""
        answer = await self.shop.ask("POST", address(self.sale), **self._shown())
        if answer.status in {200, 201}:
            self.said = answer.body
        return answer

    async def ask(self) -> Any:
        answer = await self.shop.ask("GET", address(self.sale), **self._shown())
        assert answer.status == 200, answer.body
        self.said = answer.body
        return self.said

    async def leave(self) -> Answer:
        return await self.shop.ask("DELETE", address(self.sale), **self._shown())

    async def hold(self, quantity: int = 1, **more: Any) -> Answer:
        """Tickets, with the admission if there is one."""
        body = {"event_id": self.sale.event_id, "quantity": quantity, **more}
        return await self.shop.ask("POST", "/api/basket", body, **self.admission)

    @property
    def admission(self) -> dict[str, str]:
        admission = (self.said or {}).get("admission")
        return {"X_Admission": admission} if admission else {}

    async def until(self, state: str, within: float = 8.0) -> Any:
        """Ask until the place is in that state."""
        try:
            async with asyncio.timeout(within):
                while (await self.ask())["state"] != state:  # noqa: ASYNC110 - what it asks cannot set an event
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not {state}: {self.said}") from None
        return self.said

    def _shown(self) -> dict[str, str]:
        shown = {"X_Forwarded_For": self.ip}
        place = (self.said or {}).get("place")
        return {**shown, "X_Place": place} if place else shown
