from datetime import datetime, timedelta
from itertools import product
from xml.etree import ElementTree as ET

import orjson

from tests.features.catalogue.conftest import Visitor
from tests.features.catalogue.samples import HALL, event

TWO_SECTIONS = """
halls:
  hall:
    - {section: Stalls, rows: [{rows: A-B, seats: 3}]}
    - {section: Circle, rows: [{rows: 1-2, seats: 2}]}
"""
SEATED = event(hall="hall", tickets="- {section: Stalls, price: 30}\n- {section: Circle, price: 20.50}")


async def test_the_page_says_what_can_be_bought_and_on_which_terms(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(
        event(
            description="A long night.",
            cancellation_fee_percent="12.5",
            refundable_until="-3d",
            tickets="""
                - name: Floor
                  price: 99.99
                  capacity: 100
                  description: Standing
                  max_per_order: 4
                  max_per_customer: 8
                  on_sale_at: +10m
            """,
        )
    )
    status, body = await visitor.ask(f"/api/events/{event_id}")
    assert status == 200
    (ticket_type,) = body["ticket_types"]
    opens = (visitor.clock.now + timedelta(minutes=10)).isoformat().replace("+00:00", "Z")
    assert {name: ticket_type[name] for name in ticket_type if name != "id"} == {
        "name": "Floor",
        "description": "Standing",
        "price": 99.99,
        "currency": "EUR",
        "available": 100,
        "on_sale_at": opens,
        "off_sale_at": "2127-06-12T18:30:00Z",
        "on_sale": False,
        "max_per_order": 4,
        "max_per_customer": 8,
        "seated": False,
    }
    assert body["description"] == "A long night."
    assert body["refundable_until"] == "2127-06-09T18:30:00Z"
    assert body["cancellation_fee_percent"] == 12.5
    assert body["seat_map"] is None
    assert (body["name"], body["price"], body["available_tickets"]) == ("A Night", 99.99, 100)


async def test_its_time_is_the_servers_at_each_answer(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event())
    for _ in range(2):
        _, body = await visitor.ask(f"/api/events/{event_id}")
        said = datetime.fromisoformat(body["server_time"])
        assert abs(said - visitor.clock.now) < timedelta(milliseconds=1)
        visitor.clock.pass_seconds(0.3)  # the rest of the answer is still the same


async def test_a_browser_never_keeps_the_servers_time(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event())
    async with visitor.client.get(f"/api/events/{event_id}") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        tag = answer.headers["ETag"]
    visitor.clock.pass_seconds(2)
    async with visitor.client.get(f"/api/events/{event_id}", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


async def test_the_hall_is_shown_by_sections_and_rows(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(SEATED, before=TWO_SECTIONS)
    _, body = await visitor.ask(f"/api/events/{event_id}")
    stalls, circle = (each["id"] for each in body["ticket_types"])
    assert body["seat_map"]["sections"] == [
        {
            "ticket_type_id": stalls,
            "name": "Stalls",
            "price": 30,
            "currency": "EUR",
            "rows": [{"label": "A", "seats": 3}, {"label": "B", "seats": 3}],
        },
        {
            "ticket_type_id": circle,
            "name": "Circle",
            "price": 20.5,
            "currency": "EUR",
            "rows": [{"label": "1", "seats": 2}, {"label": "2", "seats": 2}],
        },
    ]


async def test_each_seat_is_listed_with_its_price_and_state(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(SEATED, before=TWO_SECTIONS)
    status, body = await visitor.ask(f"/api/events/{event_id}/seats")
    assert status == 200
    assert [(seat["section"], seat["row"], seat["number"], seat["price"]) for seat in body["seats"]] == [
        ("Stalls", "A", 1, 30), ("Stalls", "A", 2, 30), ("Stalls", "A", 3, 30),
        ("Stalls", "B", 1, 30), ("Stalls", "B", 2, 30), ("Stalls", "B", 3, 30),
        ("Circle", "1", 1, 20.5), ("Circle", "1", 2, 20.5), ("Circle", "2", 1, 20.5), ("Circle", "2", 2, 20.5),
    ]  # fmt: skip
    assert body["currency"] == "EUR"
    held, sold = body["seats"][1]["id"], body["seats"][7]["id"]
    await visitor.db.execute(
        "UPDATE seat SET hold_id = gen_random_uuid(), sold = (id = %(sold)s) WHERE id IN (%(held)s, %(sold)s)",
        {"held": held, "sold": sold},
    )
    visitor.clock.pass_seconds(1)
    _, later = await visitor.ask(f"/api/events/{event_id}/seats")
    assert {seat["id"]: seat["state"] for seat in later["seats"] if seat["state"] != "free"} == {
        held: "held",
        sold: "sold",
    }
    assert later["version"] != body["version"]


async def test_seats_are_sent_only_when_they_changed(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(SEATED, before=TWO_SECTIONS)
    async with visitor.client.get(f"/api/events/{event_id}/seats") as answer:
        tag = answer.headers["ETag"]
    visitor.clock.pass_seconds(5)
    async with visitor.client.get(f"/api/events/{event_id}/seats", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


async def test_a_section_that_was_withdrawn_is_not_offered(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(SEATED, before=TWO_SECTIONS)
    await visitor.publish(event(hall="hall", tickets="- {section: Stalls, price: 30}"), before=TWO_SECTIONS)
    _, seats = await visitor.ask(f"/api/events/{event_id}/seats")
    assert {seat["section"] for seat in seats["seats"]} == {"Stalls"}
    state = await visitor.catalogue.feed.state(event_id)
    assert state is not None
    assert orjson.loads(state.data)["seats_version"] == seats["version"]
    _, body = await visitor.ask(f"/api/events/{event_id}")
    assert [section["name"] for section in body["seat_map"]["sections"]] == ["Stalls"]
    assert body["available_tickets"] == 6


async def test_general_admission_has_no_seats(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event())
    assert (await visitor.ask(f"/api/events/{event_id}/seats"))[1]["seats"] == []


async def test_a_cancelled_event_keeps_its_page_but_sells_nothing(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event(status="cancelled"))
    _, body = await visitor.ask(f"/api/events/{event_id}")
    assert (body["status"], body["on_sale"], body["ticket_types"][0]["on_sale"]) == ("cancelled", False, False)


async def test_what_is_not_there_is_not_found(visitor: Visitor) -> None:
    (withdrawn,) = await visitor.publish(event(status="withdrawn"))
    for event_id, path in product((withdrawn, 424242, 10**18 - 1), ("", "/seats", "/poster.svg", "/stream")):
        for _ in range(2):  # the second time from memory
            status, body = await visitor.ask(f"/api/events/{event_id}{path}")
            assert (path, status, body["type"]) == (path, 404, "/problems/not-found")


async def test_the_poster_is_a_picture_that_stands_alone(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event(name="Tape & <Static>", venue="'\"The\" Hall'"))
    _, body = await visitor.ask(f"/api/events/{event_id}")
    async with visitor.client.get(body["poster_url"]) as answer:
        assert answer.content_type == "image/svg+xml"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        root = ET.fromstring(await answer.text())
    assert root[0].text == "Tape & <Static>"
    async with visitor.client.get(f"/api/events/{event_id}/poster.svg") as answer:
        assert answer.headers["Cache-Control"] == "no-cache"


async def test_the_posters_address_changes_with_what_it_shows(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event())
    urls = []
    for change in ({}, {"description": "More words"}, {"name": "Another"}, {"city": "Cork"}):
        await visitor.publish(event(**{"name": "Another", **change} if "city" in change else change))
        visitor.clock.pass_seconds(2)
        urls.append((await visitor.ask(f"/api/events/{event_id}"))[1]["poster_url"])
    assert urls[0] == urls[1]
    assert len(set(urls)) == 3


async def test_a_hall_of_a_thousand_seats_is_laid_out_and_read_at_once(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(
        event(hall="small-hall", tickets="- {section: Stalls, price: 30}"),
        before=HALL.replace("A-C", "1-40").replace("seats: 4", "seats: 25"),
    )
    _, body = await visitor.ask(f"/api/events/{event_id}/seats")
    assert len(body["seats"]) == 1000
    assert [seat["row"] for seat in body["seats"][::25]] == [str(row) for row in range(1, 41)]
