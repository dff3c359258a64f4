"""A place, the wait, an admission, tickets: over HTTP, in a whole shop."""

from __future__ import annotations

from tests.features.waiting.people import Person, with_room
from tests.shop import Shop


async def test_whoever_waits_is_admitted_and_buys(shop: Shop) -> None:
    sale = await with_room(shop, capacity=10)
    person = Person(shop, sale)
    assert (await person.hold()).problem == "waiting-room"
    assert (await person.take()).status == 201
    said = await person.until("admitted")
    assert said["admission"]
    held = await person.hold(2)
    assert held.status == 201, held.body
    bought = await shop.check_out(held.body["basket_id"])
    assert bought.status == 200, bought.body
    assert await shop.broken() == []
