"""A client written for the predecessor: four routes, JSON, no cookie, no account, no e-mail."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from backend.features.catalogue.seed import seed
from tests.journeys.conftest import OpenShop
from tests.shop import Answer, Shop, together

PRICES = {1: 99.99, 2: 149.99, 3: 45.0}


@pytest.fixture
async def shop(open_shop: OpenShop) -> AsyncIterator[Shop]:
    """A shop with the demo catalogue, which has the events that the client knows."""
    async with open_shop() as shop:
        await seed(shop.box_office.database, environment="test", now=datetime.now(UTC))
        yield shop


async def listed(shop: Shop) -> dict[int, Any]:
    """The events of the list, by id."""
    answer = await shop.ask("GET", "/api/events")
    assert answer.status == 200
    return {event["id"]: event for event in answer.body["events"]}


async def hold(shop: Shop, event_id: int, quantity: int) -> Answer:
    return await shop.ask("POST", "/api/basket", {"event_id": event_id, "quantity": quantity})


async def test_the_list_has_the_events_with_numbers_for_ids_and_prices(shop: Shop) -> None:
    events = await listed(shop)
    assert {number: events[number]["price"] for number in PRICES} == PRICES
    for event in (events[number] for number in PRICES):
        assert type(event["id"]) is int
        assert type(event["available_tickets"]) is int
        assert event["available_tickets"] >= 100_000
        assert date.fromisoformat(event["date"]) > datetime.now(UTC).date()
        assert event["name"]
        assert event["venue"]
        assert event["currency"] == "EUR"


async def test_an_event_has_what_the_list_says_of_it_and_more(shop: Shop) -> None:
    event = (await shop.ask("GET", "/api/events/2")).body
    assert event.items() >= (await listed(shop))[2].items()
    assert event["description"]


async def test_a_basket_is_bought_by_its_id(shop: Shop) -> None:
    held = await hold(shop, 1, 2)
    assert (held.status, held.body["event_id"], held.body["quantity"]) == (201, 1, 2)
    assert datetime.fromisoformat(held.body["expires_at"]) > datetime.now(UTC)
    bought = await shop.ask("POST", "/api/checkout", {"basket_id": held.body["basket_id"]})
    assert (bought.status, bought.body["status"], bought.body["total"]) == (200, "paid", 199.98)
    assert isinstance(bought.body["transaction_id"], str)
    assert bought.body["transaction_id"]
    assert await shop.broken() == []


async def test_items_are_bought_at_the_price_in_the_list(shop: Shop) -> None:
    events = await listed(shop)
    items = [{"event_id": number, "quantity": 3, "price": events[number]["price"]} for number in PRICES]
    bought = await shop.ask("POST", "/api/checkout", {"items": items})
    assert (bought.status, bought.body["total"], len(bought.body["tickets"])) == (200, 884.94, 9)
    assert bought.body["transaction_id"]
    assert await shop.broken() == []


async def test_without_a_cookie_every_basket_is_its_own(shop: Shop) -> None:
    one, other = await together(hold(shop, 1, 1), hold(shop, 1, 1))
    assert one.body["basket_id"] != other.body["basket_id"]
    assert [answer.body["quantity"] for answer in (one, other)] == [1, 1]


async def test_an_error_carries_its_text_where_the_client_looks(shop: Shop) -> None:
    expected = [status for *_, status in REFUSED]
    answers = await together(*(shop.ask("POST" if body else "GET", path, body) for path, body, _ in REFUSED))
    assert [answer.status for answer in answers] == expected
    for answer in answers:
        assert isinstance(answer.body["error"], str)
        assert answer.body["error"] == answer.body["title"]


REFUSED: list[tuple[str, Any, int]] = [
    ("/api/events/4711", None, 404),
    ("/api/events/one", None, 404),
    ("/api/basket", {"event_id": 4711, "quantity": 1}, 404),
    ("/api/basket", {"event_id": 1, "quantity": 0}, 400),
    ("/api/basket", {"event_id": 1, "quantity": 11}, 400),
    ("/api/basket", {"event_id": 1, "quantity": "two"}, 400),
    ("/api/basket", {"event_id": 1, "quantity": 10**12}, 400),
    ("/api/basket", {"quantity": 1}, 400),
    ("/api/basket", b"event_id=1", 400),
    ("/api/checkout", {"items": []}, 409),
    ("/api/checkout", {"basket_id": "0190f6a0-0000-7000-8000-000000000000"}, 404),
    ("/api/checkout", {"items": [{"event_id": 1, "quantity": 1, "price": 1.0}]}, 409),
    ("/api/checkout", {"items": [{"event_id": 4711, "quantity": 1, "price": 1.0}]}, 404),
]
