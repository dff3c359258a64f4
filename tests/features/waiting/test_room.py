"""A place, the wait, an admission, tickets: over HTTP, in a shop that is governed by hand."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backend.db.errors import LockTimeout
from backend.domain.ids import uuid7
from backend.features.waiting.places import MOST_PLACES
from backend.telemetry.metrics import ADMISSION_REFUSALS, PLACE_RESULTS
from tests.box_office import BoxOffice, Sale, eventually
from tests.features.waiting.conftest import Rooms
from tests.features.waiting.people import Person, address, put_room
from tests.shop import Shop, running_shop


async def test_whoever_waits_is_admitted_and_buys(rooms: Rooms) -> None:
    sale = await rooms.sale(capacity=10)
    person = await rooms.person(sale)
    assert (person.said["state"], person.said["position"]) == ("waiting", 1)
    await rooms.govern()
    said = await person.until("admitted")
    left = datetime.fromisoformat(said["admission_expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)
    held = await person.hold(2)
    assert held.status == 201, held.body
    bought = await rooms.shop.check_out(held.body["basket_id"])
    assert (bought.status, len(bought.body["tickets"])) == (200, 2)
    assert await rooms.shop.broken() == []


async def test_an_event_without_a_room_needs_no_place(rooms: Rooms) -> None:
    person = Person(rooms.shop, await rooms.shop.box_office.publish())
    answer = await person.take()
    assert (answer.status, answer.body["state"], answer.body["place"]) == (200, "not_needed", None)
    assert (await person.hold()).status == 201


async def test_who_comes_later_stands_behind_and_moves_up_when_somebody_leaves(rooms: Rooms) -> None:
    sale = await rooms.sale()
    people = [await rooms.person(sale) for _ in range(4)]
    assert [person.said["position"] for person in people] == [1, 2, 3, 4]
    assert (await people[1].leave()).status == 204
    await rooms.shop.box_office.database.execute(
        "UPDATE room SET inlet = 0.001, credit = 0 WHERE event_id = %(event)s", {"event": sale.event_id}
    )
    await rooms.govern()
    while (await people[3].ask())["position"] != 3:
        pass
    assert (await people[1].ask())["state"] == "expired"


async def test_a_place_is_kept_by_its_cookie_and_taken_once(rooms: Rooms) -> None:
    sale = await rooms.sale()
    first = await rooms.shop.ask("POST", address(sale), {})
    cookie = first.headers["Set-Cookie"]
    assert re.fullmatch(
        rf"place_{sale.event_id}=\S+; Max-Age=86400; Path={address(sale)}; HttpOnly; SameSite=Lax", cookie
    )
    again = await rooms.shop.ask("POST", address(sale), Cookie=cookie.partition(";")[0])
    assert (first.status, again.status) == (201, 200)
    assert again.body["place"] == first.body["place"]
    assert again.headers["Cache-Control"] == "no-store"


async def test_the_cookie_of_an_admission_is_enough_to_buy(rooms: Rooms) -> None:
    sale = await rooms.sale()
    person = await rooms.admitted(sale)
    shown = await rooms.shop.ask("GET", address(sale), X_Place=person.said["place"])
    cookies = [each.partition(";")[0] for each in shown.headers.getall("Set-Cookie")]  # type: ignore[attr-defined]
    held = await rooms.shop.ask("POST", "/api/basket", {"event_id": sale.event_id}, Cookie="; ".join(cookies))
    assert held.status == 201, held.body


async def test_before_the_sale_people_gather_and_nobody_has_a_position(rooms: Rooms) -> None:
    sale = await rooms.sale(opens="10 minutes")
    person = await rooms.person(sale)
    assert (person.said["state"], person.said["position"], person.said["estimate_seconds"]) == ("gathering", None, None)
    assert person.said["opens_at"] is not None
    assert (await person.hold()).problem == "not-on-sale"


async def test_long_before_the_sale_there_is_nothing_to_wait_for_yet(rooms: Rooms) -> None:
    sale = await rooms.sale(opens="3 hours")
    answer = await Person(rooms.shop, sale).take()
    assert (answer.body["state"], answer.body["opens_at"] is not None) == ("not_needed", True)


async def test_without_a_place_there_is_nothing_to_ask_after(rooms: Rooms) -> None:
    sale = await rooms.sale()
    answers = [await rooms.shop.ask(method, address(sale)) for method in ("GET", "DELETE")]
    assert [(answer.status, answer.problem) for answer in answers] == [(404, "no-place")] * 2
    forged = await rooms.shop.ask("GET", address(sale), X_Place=f"{sale.event_id}.{uuid7().hex}.1.AAAA")
    assert forged.problem == "no-place"
    unknown = await rooms.shop.ask("POST", "/api/events/999999/place")
    assert unknown.problem == "not-found"


async def test_one_address_has_so_many_places_and_no_more(box_office: BoxOffice, dsn: str, tmp_path: Path) -> None:
    async with running_shop(box_office, dsn, tmp_path, trusted_hops=1, limit_places_per_address=2) as shop:
        sale = await box_office.publish()
        await put_room(box_office, sale, "on")
        people = [Person(shop, sale, ip=ip) for ip in ("192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2")]
        await eventually(lambda: _is_open(shop, sale))
        assert (await people[0].take()).status == 201
        answers = [await person.take() for person in people]
        assert [answer.status for answer in answers] == [200, 201, 429, 201]
        assert answers[2].problem == "too-many-places"
        assert answers[2].headers["Retry-After"] == "60"
        shown = await shop.metrics()
        assert shown['waiting_room_places_total{result="taken"}'] == 3
        assert shown['waiting_room_places_total{result="limited"}'] == 1


async def _is_open(shop: Shop, sale: Sale) -> bool:
    return bool((await shop.ask("GET", f"/api/events/{sale.event_id}")).body["waiting_room"] == "open")


async def test_who_comes_to_a_full_room_is_told_so_and_when_to_come_again(rooms: Rooms) -> None:
    sale = await rooms.sale()
    await rooms.shop.box_office.database.execute(
        "UPDATE room SET next_number = %(next)s WHERE event_id = %(event)s",
        {"event": sale.event_id, "next": MOST_PLACES},
    )
    last = await rooms.person(sale)
    answer = await Person(rooms.shop, sale).take()
    await last.leave()
    assert (answer.status, answer.problem, answer.headers["Retry-After"]) == (429, "room-full", "60")


async def test_every_metric_is_there_before_anybody_waits_and_counts_what_happens(rooms: Rooms) -> None:
    before = await rooms.shop.metrics()
    assert {name for name in before if name.startswith("waiting_room_") and "_bucket" not in name} == {
        *(f'waiting_room_places_total{{result="{result}"}}' for result in PLACE_RESULTS),
        *(f'waiting_room_refused_total{{reason="{reason}"}}' for reason in ADMISSION_REFUSALS),
        "waiting_room_admitted_total", "waiting_room_wait_seconds_sum", "waiting_room_wait_seconds_count",
    }  # fmt: skip
    admitted, waited = rooms.metrics.waiting.admitted.value, rooms.metrics.waiting.waited.count
    sale = await rooms.sale()
    assert (await rooms.shop.hold(sale)).status == 409
    await rooms.admitted(sale)
    await rooms.person(sale)
    after = await rooms.shop.metrics()
    for name, more in (('places_total{result="taken"}', 2), ('refused_total{reason="missing"}', 1)):
        assert after[f"waiting_room_{name}"] - before[f"waiting_room_{name}"] == more
    assert rooms.metrics.waiting.admitted.value - admitted == 1
    assert rooms.metrics.waiting.waited.count - waited == 1
    assert (rooms.metrics.waiting.inlet.value or 0) >= 20


async def test_sold_out_closes_the_room_tells_who_waits_and_returned_tickets_open_it_again(rooms: Rooms) -> None:
    sale = await rooms.sale(capacity=1)
    buyer = await rooms.admitted(sale)
    waiter = await rooms.person(sale)
    basket = (await buyer.hold()).body["basket_id"]
    await rooms.govern()
    assert (await waiter.ask())["state"] == "waiting"  # what is in a basket may come back
    bought = await rooms.shop.check_out(basket)
    await rooms.govern()
    assert (await waiter.until("closed"))["position"] is None
    latecomer = Person(rooms.shop, sale)
    assert ((await latecomer.take()).status, latecomer.said["state"]) == (200, "closed")
    assert (await latecomer.hold()).problem == "sold-out"

    order, token = bought.body["order_id"], bought.body["order_token"]
    cancelled = await rooms.shop.ask("POST", f"/api/orders/{order}/cancel?token={token}", {})
    assert cancelled.status == 200, cancelled.body
    assert (await latecomer.hold()).problem in {"sold-out", "waiting-room"}
    await rooms.govern(3)
    await waiter.until("admitted")
    assert (await waiter.hold()).status == 201


# By itself.

SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON hold FOR EACH ROW EXECUTE FUNCTION slow()
"""
QUICK = "DROP TRIGGER slow ON hold; DROP FUNCTION slow()"


async def test_a_room_opens_by_itself_while_the_shop_is_too_slow_and_goes_when_it_is_calm(rooms: Rooms) -> None:
    sale = await rooms.sale("automatic")
    box_office = rooms.shop.box_office
    early = (await rooms.shop.hold(sale)).body["basket_id"]
    await rooms.govern(3)
    assert (await rooms.shop.hold(sale)).status == 201

    going = True

    async def rush() -> None:
        while going:
            await rooms.shop.hold(sale)

    async def opened() -> bool:
        await rooms.governor.govern()
        await asyncio.sleep(0.4)
        return bool(await box_office.value("SELECT state = 'open' FROM room WHERE event_id = %(id)s", id=sale.event_id))

    await box_office.database.execute(SLOW)
    crowd = [asyncio.ensure_future(rush()) for _ in range(20)]
    try:
        await eventually(opened, within=15)
    finally:
        going = False
        await asyncio.gather(*crowd)
        await eventually(lambda: _is_quick_again(box_office))
    await eventually(lambda: _is_refused(rooms, sale))
    assert (await rooms.shop.check_out(early)).status == 200

    person = await rooms.person(sale)
    await rooms.govern(2)
    await person.until("admitted")
    assert (await person.hold()).status == 201
    await eventually(lambda: _is_calm(rooms), within=10)
    await person.until("not_needed")
    assert (await rooms.shop.hold(sale)).status == 201


async def _is_quick_again(box_office: BoxOffice) -> bool:
    """The last batch may still be holding, whoever waited for it."""
    with suppress(LockTimeout):
        await box_office.database.execute(QUICK)
        return True
    return False


async def _is_refused(rooms: Rooms, sale: Sale) -> bool:
    """Once the shop has heard that the room is open."""
    answer = await rooms.shop.hold(sale)
    return answer.status == 409 and answer.problem == "waiting-room"


async def _is_calm(rooms: Rooms) -> bool:
    """As if all had been well for two minutes, which ends as soon as anything is not."""
    await rooms.govern()
    await rooms.shop.box_office.database.execute(
        "UPDATE room SET calm_since = calm_since - interval '2 minutes' WHERE calm_since IS NOT NULL"
    )
    await rooms.govern()
    states = await rooms.shop.box_office.rows(
        "SELECT r.state FROM room r JOIN event e ON e.id = r.event_id WHERE e.waiting_room = 'automatic'"
    )
    return states == [("none",)]
