"""Every way around the waiting room that somebody may try, and what an admission opens."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import pytest

from backend.app import api_routes
from backend.domain.admissions import Admission, Place, RoomKeys
from backend.domain.baskets import Buyer
from backend.domain.errors import DomainError
from backend.domain.ids import uuid7
from backend.domain.offers import Offer, RoomState, TicketOffer
from backend.features.waiting.gate import Gate
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from backend.web.health import Health
from tests.features.waiting.conftest import Rooms
from tests.features.waiting.people import address
from tests.shop import Answer


def _admission(event_id: int, secret: str, seconds: int) -> str:
    admission = Admission(Place(event_id, uuid7()), int(datetime.now(UTC).timestamp()) + seconds)
    return RoomKeys([secret]).admission_token(admission)


async def test_no_admission_but_a_good_one_of_this_event_opens_the_sale(rooms: Rooms) -> None:
    sale, other = await rooms.sale(), await rooms.sale()
    secret = rooms.shop.settings.secret_key
    attempts = {
        "none": {},
        "nonsense": {"X_Admission": "let me in"},
        "another secret": {"X_Admission": _admission(sale.event_id, "an attacker's secret", 60)},
        "over": {"X_Admission": _admission(sale.event_id, secret, -1)},
        "another event": {"X_Admission": (await rooms.admitted(other)).said["admission"]},
        "a place": {"X_Admission": (await rooms.person(sale)).said["place"]},
        "an empty cookie": {"Cookie": f"admission_{sale.event_id}="},
    }
    for what, headers in attempts.items():
        answer = await rooms.shop.ask("POST", "/api/basket", {"event_id": sale.event_id}, **headers)
        assert (answer.status, answer.problem) == (409, "waiting-room"), what
        assert answer.body["place_url"] == address(sale)
    assert await rooms.shop.box_office.available(sale) == 100


async def test_every_route_that_takes_stock_asks_for_an_admission(rooms: Rooms) -> None:
    """Each route of the API is tried with a body that would take a ticket: whoever adds one must keep the gate."""
    sale, seated = await rooms.sale(price=0), await rooms.sale(seated=True, capacity=5)
    free = await rooms.shop.box_office.publish()
    basket = (await rooms.shop.hold(free)).body["basket_id"]
    wishes: list[dict[str, Any]] = [
        {"event_id": sale.event_id},
        {"event_id": sale.event_id, "ticket_type_id": sale.type_id, "quantity": 2},
        {"event_id": sale.event_id, "basket_id": basket},
        {"event_id": seated.event_id, "seat_ids": list(seated.seat_ids[:2])},
        {"items": [{"event_id": sale.event_id, "quantity": 1}]},
        {"items": [{"event_id": free.event_id, "quantity": 1}, {"event_id": sale.event_id, "quantity": 1}]},
        {"items": [{"event_id": seated.event_id, "seat_ids": list(seated.seat_ids[:1])}]},
    ]
    promise = load_promise()
    tried: set[str] = set()
    answers: list[Answer] = []
    for route in api_routes(Metrics(promise), promise, Health()):
        if route.method == "GET" or route.kind != "customer":
            continue
        path = re.sub(r"\{[^}]*\}", lambda _: str(sale.event_id), route.template)
        for wish in wishes:
            answer = await rooms.shop.ask(route.method, path, wish)
            answers.append(answer)
            if answer.status == 409:
                assert answer.problem == "waiting-room", (route.name, wish, answer.body)
                tried.add(route.name)
    assert tried == {"POST /api/basket", "POST /api/checkout"}
    assert [await rooms.shop.box_office.available(each) for each in (sale, seated, free)] == [100, 5, 99]


async def test_an_admission_fills_one_basket_and_buys_once(rooms: Rooms) -> None:
    sale = await rooms.sale()
    person = await rooms.admitted(sale)
    first, second = await person.hold(), await person.hold()
    assert first.body["basket_id"] == second.body["basket_id"]
    assert sum(item["quantity"] for item in second.body["items"]) == 2
    assert (await person.hold(basket_id=str(uuid7()))).problem == "waiting-room"
    assert (await rooms.shop.check_out(first.body["basket_id"])).status == 200
    assert (await person.hold()).problem == "basket-bought"
    at_once = await rooms.shop.ask(
        "POST", "/api/checkout", {"items": [{"event_id": sale.event_id, "quantity": 1}]}, **person.admission
    )
    assert (at_once.status, at_once.problem) == (409, "basket-bought")
    assert await rooms.shop.box_office.available(sale) == 98
    assert await rooms.shop.broken() == []


async def test_items_are_bought_in_one_go_by_whoever_is_admitted(rooms: Rooms) -> None:
    sale = await rooms.sale()
    person = await rooms.admitted(sale)
    body = {"items": [{"event_id": sale.event_id, "quantity": 2}]}
    bought = await rooms.shop.ask("POST", "/api/checkout", body, **person.admission)
    assert (bought.status, len(bought.body["tickets"])) == (200, 2), bought.body


async def test_whoever_gave_their_tickets_back_may_choose_again_while_they_are_admitted(rooms: Rooms) -> None:
    sale = await rooms.sale()
    person = await rooms.admitted(sale)
    basket = (await person.hold()).body["basket_id"]
    assert (await rooms.shop.ask("DELETE", f"/api/basket?basket_id={basket}")).status == 204
    again = await person.hold(3)
    assert (again.status, again.body["basket_id"]) == (201, basket), again.body
    assert (await rooms.shop.check_out(basket)).status == 200
    assert await rooms.shop.broken() == []


async def test_what_is_held_is_paid_for_without_an_admission(rooms: Rooms) -> None:
    sale = await rooms.sale(price=1000)
    person = await rooms.admitted(sale)
    basket = (await person.hold()).body["basket_id"]
    person.said = None
    bought = await rooms.shop.check_out(basket, items=[{"event_id": sale.event_id, "quantity": 1}])
    assert bought.status == 200, bought.body


async def test_two_rooms_need_a_basket_each(rooms: Rooms) -> None:
    first, second = await rooms.sale(), await rooms.sale()
    tokens = [(await rooms.admitted(sale)).said["admission"] for sale in (first, second)]
    cookies = [f"admission_{sale.event_id}={token}" for sale, token in zip((first, second), tokens, strict=True)]
    body = {"items": [{"event_id": sale.event_id, "quantity": 1} for sale in (first, second)]}
    answer = await rooms.shop.ask("POST", "/api/checkout", body, Cookie="; ".join(cookies))
    assert answer.status == 400
    assert await rooms.shop.box_office.available(first) == 100


@pytest.mark.parametrize("room", ["gathering", "open", "closed"])
@pytest.mark.parametrize("skew", [-3600, -7, 0, 7, 3600])
def test_nobody_passes_a_room_without_an_admission_whatever_the_clock_of_the_process_says(
    room: RoomState, skew: int
) -> None:
    now = datetime.now(UTC)
    for opens, closes in ((-1, 600), (1, 600), (-600, -1)):
        on_sale_at, off_sale_at = now + timedelta(seconds=opens), now + timedelta(seconds=closes)
        offered = TicketOffer(1, 1, "Standing", 0, False, on_sale_at, off_sale_at, 10, None)
        offer = Offer(1, "Concert", now, "UTC", "Hall", "EUR", now, 0.0, (offered,), room)
        gate = Gate(RoomKeys(["a secret for tests only"]), Metrics(load_promise()).waiting, lambda: time() + skew)
        with pytest.raises(DomainError) as refusal:
            gate.basket_of(offer, Buyer())
        assert refusal.value.slug in {"waiting-room", "not-on-sale", "sold-out"}


@pytest.mark.parametrize("secret", ["a secret for tests only", "another secret of the shop"])
def test_places_and_admissions_are_read_as_they_were_signed_and_nothing_else_is(secret: str) -> None:
    keys = RoomKeys(["another secret of the shop", "a secret for tests only"])
    place = Place(7, uuid7(), 12)
    token = RoomKeys([secret]).place_token(place)
    assert keys.place(token) == place
    assert keys.admission(token) is None
    assert keys.place(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert keys.place(token.replace(".12.", ".1.")) is None
    assert keys.place("\udcff.1.2.3") is None
