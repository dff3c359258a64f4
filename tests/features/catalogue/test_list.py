import asyncio
from datetime import timedelta
from itertools import product

from tests.features.catalogue.conftest import Visitor
from tests.features.catalogue.samples import HALL, event

ROUGH = [
    "'",
    "\\",
    "!!! | & ( ) <-> :*",
    "a:* & !b",
    "%",
    "_",
    "'; DROP TABLE event; --",
    "\ufb01 \u2167 \uff46\uff55\uff4c\uff4c",
    "\u202e\u200b",
    "🎫🎫",
    "x" * 100,
    "1.5e10 -3 0x1f",
    "a@b.c https://x.y/z?q=1",
]

SENSELESS = [
    ("per_page=0", "per_page"),
    ("per_page=101", "per_page"),
    ("per_page=ten", "per_page"),
    ("page=0", "page"),
    ("page=-1", "page"),
    ("page=999999999999", "page"),
    ("from=yesterday", "from"),
    ("to=2026-02-30", "to"),
    ("from=2027-01-02&to=2027-01-01", ""),
    (f"q={'x' * 101}", "q"),
    ("colour=red", "colour"),
    ("q=a%00b", ""),
]


async def test_an_event_is_listed_with_all_that_a_customer_chooses_by(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(
        event(
            starts_at="2127-06-12 00:30",
            tickets="""
                - {name: Floor, price: 99.99, capacity: 100, off_sale_at: -1h}
                - {name: Balcony, price: 120.00, capacity: 50, on_sale_at: -20d}
            """,
        )
    )
    status, body = await visitor.ask("/api/events")
    assert status == 200
    poster = body["events"][0].pop("poster_url")
    opened = body["events"][0].pop("on_sale_at")
    assert body == {
        "events": [
            {
                "id": event_id,
                "name": "A Night",
                "date": "2127-06-12",  # in Dublin; in Greenwich it is still the day before
                "starts_at": "2127-06-11T23:30:00Z",
                "timezone": "Europe/Dublin",
                "venue": "The Foundry",
                "city": "Dublin",
                "price": 99.99,
                "currency": "EUR",
                "available_tickets": 150,
                "off_sale_at": "2127-06-11T23:30:00Z",
                "on_sale": True,
                "status": "published",
                "seated": False,
                "waiting_room": "none",
            }
        ],
        "count": 1,
        "total": 1,
        "page": 1,
    }
    assert poster.startswith(f"/api/events/{event_id}/poster.svg?v=")
    assert opened == visitor.clock.now.isoformat().replace("+00:00", "Z")


async def test_prices_are_in_major_units_of_their_currency(visitor: Visitor) -> None:
    prices = [("EUR", "45.00"), ("ISK", "8900"), ("KWD", "1.125"), ("GBP", "0")]
    await visitor.publish(
        *(
            event(code.lower(), currency=code, tickets=f"- {{name: A, price: {price}, capacity: 1}}")
            for code, price in prices
        )
    )
    _, body = await visitor.ask("/api/events")
    assert {each["currency"]: each["price"] for each in body["events"]} == {
        code: float(price) for code, price in prices
    }


async def test_a_pool_that_ticket_types_share_is_counted_once(visitor: Visitor) -> None:
    tickets = "- {name: Adult, price: 14, pool: Room}\n- {name: Child, price: 9, pool: Room}"
    await visitor.publish(event(pools="{Room: 140}", tickets=tickets))
    _, body = await visitor.ask("/api/events")
    assert (body["events"][0]["available_tickets"], body["events"][0]["price"]) == (140, 9)


async def test_the_next_event_comes_first_and_past_or_withdrawn_ones_not_at_all(visitor: Visitor) -> None:
    await visitor.publish(
        event("late", name="Late", starts_at="+20d"),
        event("soon", name="Soon", starts_at="+2d"),
        event("middle", name="Middle", starts_at="+10d"),
        event("gone", name="Gone", starts_at="+3d", status="withdrawn"),
        event("off", name="Off", starts_at="+4d", status="cancelled"),
    )
    assert await visitor.names() == ["Soon", "Middle", "Late"]
    visitor.clock.pass_seconds(timedelta(days=2).total_seconds())
    assert await visitor.names() == ["Middle", "Late"]


async def test_pages_follow_each_other_without_gap_or_overlap(visitor: Visitor) -> None:
    # All start at once: the order must still be the same on each page.
    await visitor.publish(*(event(f"e{number}", name=f"Event {number}") for number in range(7)))
    pages = [await visitor.names(f"?per_page=3&page={page}") for page in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert sorted(name for page in pages for name in page) == [f"Event {number}" for number in range(7)]
    _, beyond = await visitor.ask("/api/events?per_page=3&page=9")
    assert beyond == {"events": [], "count": 0, "total": 7, "page": 9}


async def test_fifty_events_are_a_page_unless_asked_otherwise(visitor: Visitor) -> None:
    await visitor.publish(*(event(f"e{number}") for number in range(51)))
    _, body = await visitor.ask("/api/events")
    assert (body["count"], body["total"]) == (50, 51)


async def test_search_finds_the_beginnings_of_words_wherever_they_stand(visitor: Visitor) -> None:
    await visitor.publish(
        event("a", name="Strings by Candlelight", venue="Meridian Hall"),
        event("b", name="Noc Animacji", city="Łódź"),
        event("c", name="Τραγούδια", description="Songs by moonlight"),
    )
    for words, found in {
        "candle": ["Strings by Candlelight"],
        "CANDLE by": ["Strings by Candlelight"],
        "hall meri": ["Strings by Candlelight"],
        "light": [],
        "moon song": ["Τραγούδια"],
        "łód": ["Noc Animacji"],
        "ΤΡΑΓ": ["Τραγούδια"],
        "by": ["Strings by Candlelight", "Τραγούδια"],
        "candle moon": [],
        "  ": ["Strings by Candlelight", "Noc Animacji", "Τραγούδια"],
    }.items():
        assert (words, await visitor.names(f"?q={words}")) == (words, found)


async def test_no_search_breaks_the_shop(visitor: Visitor) -> None:
    await visitor.publish(event())
    for words, name in product(ROUGH, ("q", "city")):
        async with visitor.client.get("/api/events", params={name: words}) as answer:
            assert (words, answer.status, (await answer.json())["total"]) == (words, 200, 0)


async def test_the_city_is_matched_whole_and_in_any_case(visitor: Visitor) -> None:
    await visitor.publish(event("a", name="A", city="Łódź"), event("b", name="B", city="New Łódź"))
    assert await visitor.names("?city=ŁÓDŹ") == ["A"]


async def test_days_are_those_of_the_venue_and_both_ends_count(visitor: Visitor) -> None:
    await visitor.publish(
        event("a", name="Auckland", timezone="Pacific/Auckland", starts_at="2127-06-12 00:30"),
        event("b", name="Honolulu", timezone="Pacific/Honolulu", starts_at="2127-06-12 23:30"),
        event("c", name="Day before", starts_at="2127-06-11 23:59"),
        event("d", name="Day after", starts_at="2127-06-13 00:00"),
    )
    assert await visitor.names("?from=2127-06-12&to=2127-06-12") == ["Auckland", "Honolulu"]
    assert await visitor.names("?from=2127-06-13") == ["Day after"]
    assert await visitor.names("?to=2127-06-11") == ["Day before"]


async def test_a_query_that_makes_no_sense_is_refused_by_field(visitor: Visitor) -> None:
    for query, field in SENSELESS:
        status, body = await visitor.ask(f"/api/events?{query}")
        assert (query, status, body["type"]) == (query, 400, "/problems/validation")
        assert not field or field in [error["field"] for error in body["errors"]]


async def test_what_is_left_lags_by_less_than_a_second(visitor: Visitor) -> None:
    await visitor.publish(event())

    async def left() -> int:
        _, body = await visitor.ask("/api/events")
        return int(body["events"][0]["available_tickets"])

    assert await left() == 100
    await visitor.take("Floor", 40)
    visitor.clock.pass_seconds(0.4)
    assert await left() == 100  # one reading serves everyone who asks within a moment
    visitor.clock.pass_seconds(0.55)
    assert await left() == 60


async def test_an_old_answer_is_given_once_more_while_a_new_one_is_made(visitor: Visitor) -> None:
    await visitor.publish(event())
    await visitor.names()
    await visitor.take("Floor", 40)
    visitor.clock.pass_seconds(0.6)
    _, at_once = await visitor.ask("/api/events")
    assert at_once["events"][0]["available_tickets"] == 100
    async with asyncio.timeout(5):
        while (await visitor.ask("/api/events"))[1]["events"][0]["available_tickets"] != 60:
            pass


async def test_a_sale_opens_and_ends_in_the_list_on_time(visitor: Visitor) -> None:
    await visitor.publish(event(tickets="- {name: A, price: 1, capacity: 1, on_sale_at: +10m, off_sale_at: -1h}"))

    async def on_sale() -> bool:
        _, body = await visitor.ask("/api/events")
        return bool(body["events"][0]["on_sale"])

    visitor.clock.pass_seconds(599.99)
    assert not await on_sale()
    visitor.clock.pass_seconds(0.01)
    assert await on_sale()
    (starts_at,) = (await visitor.box_office.rows("SELECT starts_at FROM event"))[0]
    visitor.clock.now = starts_at - timedelta(hours=1, seconds=0.01)
    assert await on_sale()
    visitor.clock.pass_seconds(0.01)
    assert not await on_sale()


async def test_the_price_is_the_lowest_that_can_be_bought_now(visitor: Visitor) -> None:
    await visitor.publish(
        event(
            tickets="""
                - {name: Early, price: 10, capacity: 1, off_sale_at: +1h}
                - {name: Regular, price: 30, capacity: 1, on_sale_at: +1h}
                - {name: Patron, price: 90, capacity: 1}
                - {name: Last minute, price: 5, capacity: 1, on_sale_at: +2h}
            """
        )
    )
    prices = []
    for _ in range(3):
        _, body = await visitor.ask("/api/events")
        prices.append(body["events"][0]["price"])
        visitor.clock.pass_seconds(3600)
    assert prices == [10, 30, 5]


async def test_a_client_that_has_the_list_already_is_told_so(visitor: Visitor) -> None:
    await visitor.publish(event())
    async with visitor.client.get("/api/events") as answer:
        tag = answer.headers["ETag"]
        assert tag.startswith('W/"')
        assert answer.headers["Cache-Control"] == "no-cache"
    for known in (tag, f'"other", {tag}', tag.removeprefix("W/"), "*"):
        async with visitor.client.get("/api/events", headers={"If-None-Match": known}) as answer:
            assert (answer.status, await answer.read(), answer.headers["ETag"]) == (304, b"", tag)
    await visitor.take("Floor", 1)
    visitor.clock.pass_seconds(2)
    async with visitor.client.get("/api/events", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200
        assert answer.headers["ETag"] != tag


async def test_any_number_of_askers_cost_one_reading(visitor: Visitor) -> None:
    await visitor.publish(event())
    reads = 0
    fetch_all = visitor.db.fetch_all

    async def counted(sql: str, *rest: object, **more: bool) -> object:
        nonlocal reads
        reads += sql.startswith("/* list_events */")
        return await fetch_all(sql, *rest, **more)  # type: ignore[arg-type] # hands on what it was given

    visitor.db.fetch_all = counted  # type: ignore[method-assign, assignment] # counts the calls
    answers = await asyncio.gather(*(visitor.ask("/api/events") for _ in range(50)))
    assert {status for status, _ in answers} == {200}
    assert reads == 1


async def test_a_seated_event_says_so(visitor: Visitor) -> None:
    await visitor.publish(event(hall="small-hall", tickets="- {section: Stalls, price: 30}"), before=HALL)
    _, body = await visitor.ask("/api/events")
    assert (body["events"][0]["seated"], body["events"][0]["available_tickets"]) == (True, 12)


async def test_an_event_that_is_not_listed_is_found_by_its_number_alone(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event(name="Secret Night", listed="false"))
    assert await visitor.names() == await visitor.names("?q=secret") == []
    assert (await visitor.ask(f"/api/events/{event_id}"))[0] == 200
    await visitor.publish(event(name="Secret Night", listed="true"))
    visitor.clock.pass_seconds(1.0)
    assert await visitor.names() == ["Secret Night"]
