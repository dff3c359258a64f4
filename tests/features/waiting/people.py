"""Somebody who waits: takes a place, asks where it stands, and holds with their admission."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from tests.box_office import Sale, eventually
from tests.shop import Answer, Shop


async def with_room(shop: Shop, mode: str = "on", **more: Any) -> Sale:
    """An event with a waiting room, as an event file publishes it."""
    sale = await shop.box_office.publish(**more)
    await shop.box_office.database.execute(
        "UPDATE event SET waiting_room = %(mode)s WHERE id = %(event)s;"
        " SELECT pg_notify('catalogue', '[]')",
        {"mode": mode, "event": sale.event_id},
    )
    if mode == "on" and more.get("opens", "-1 day").startswith("-"):
        await in_state(shop, sale, "open")
    return sale


async def in_state(shop: Shop, sale: Sale, state: str) -> None:
    """Wait until the room of the event is in that state, and the shop knows it."""
    await shop.settled(
        "numbered FROM room WHERE event_id = %(event)s AND state = %(state)s" if state == "open" else
        "true FROM room WHERE event_id = %(event)s AND state = %(state)s", event=sale.event_id, state=state,
    )  # fmt: skip

    async def known() -> bool:
        return bool((await shop.ask("GET", f"/api/events/{sale.event_id}")).body["waiting_room"] == state)

    await eventually(known)


def address(sale: Sale) -> str:
    return f"/api/events/{sale.event_id}/place"


@dataclass
class Person:
    """Without cookies: what they were told last is in `said`."""

    shop: Shop
    sale: Sale
    said: Any = None

    async def take(self) -> Answer:
        """A place; retries what the shop says to retry."""
        answer = await self.shop.ask("POST", address(self.sale), **self._shown())
        if answer.status in {200, 201}:
            self.said = answer.body
        return answer

    async def ask(self) -> Any:
        answer = await self.shop.ask("GET", address(self.sale), **self._shown())
        assert answer.status == 200, answer.body
        self.said = answer.body
        return self.said

    async def hold(self, quantity: int = 1, **more: Any) -> Answer:
        body = {"event_id": self.sale.event_id, "quantity": quantity, **more}
        admission = (self.said or {}).get("admission")
        return await self.shop.ask("POST", "/api/basket", body, **({"X_Admission": admission} if admission else {}))

    async def until(self, state: str, within: float = 10.0) -> Any:
        """Ask until the place is in that state."""
        try:
            async with asyncio.timeout(within):
                while (await self.ask())["state"] != state:
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not {state}: {self.said}") from None
        return self.said

    def _shown(self) -> dict[str, str]:
        place = (self.said or {}).get("place")
        return {"X_Place": place} if place else {}
