"""What a request has to look like, and what it is told when it does not."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from aiohttp import FormData, web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from backend.web.parsing import Body, Query
from backend.web.routes import Route, Routes, reply
from tests.web.serving import Door, Serve

OK = {200: "application/json"}
UNTYPED = {"skip_auto_headers": ["Content-Type"]}


class Item(Body):
    price: Annotated[float | None, Field(ge=0)] = None


class Hold(Body):
    event_id: int
    quantity: Annotated[int, Field(ge=1, le=10)] = 1
    basket_id: UUID | None = None
    note: Annotated[str, Field(max_length=5)] = ""
    items: tuple[Item, ...] = ()


class Page(Query):
    page: Annotated[int, Field(ge=1)] = 1
    sort: Literal["date", "price"] = "date"


class Wanted(Query):
    day: datetime


class Nothing(Body):
    basket_id: UUID | None = None


def shop_routes() -> Routes:
    routes = Routes()

    @routes.post("/api/basket", body=Hold, answers=OK)
    async def hold(_request: web.Request, body: Hold) -> web.Response:
        return reply(body.model_dump(mode="json"))

    @routes.post("/api/basket/extend", body=Nothing, answers=OK)
    async def extend(_request: web.Request, body: Nothing) -> web.Response:
        return reply(body)

    @routes.get("/api/events", query=Page, answers=OK)
    async def events(_request: web.Request, query: Page) -> web.Response:
        return reply(query)

    @routes.get("/api/days", query=Wanted, answers=OK)
    async def days(_request: web.Request, query: Wanted) -> web.Response:
        return reply(query)

    @routes.get("/api/events/{event_id:int}", answers=OK)
    async def event(_request: web.Request, event_id: int) -> web.Response:
        return reply({"event_id": event_id})

    @routes.get("/api/orders/{order_id:uuid}", query=Page, answers=OK)
    async def order(_request: web.Request, query: Page, order_id: UUID) -> web.Response:
        return reply({"order_id": order_id, "page": query.page})

    @routes.get("/api/tickets/{code}.svg", answers=OK)
    async def ticket(_request: web.Request, code: str) -> web.Response:
        return reply({"code": code})

    @routes.post("/api/small", raw="application/json", body_limit=10, answers=OK)
    async def small(_request: web.Request, raw: bytes) -> web.Response:
        return reply({"bytes": len(raw)})

    return routes


@pytest.fixture
async def door(serve: Serve) -> Door:
    return await serve(shop_routes())


async def faults(door: Door, path: str = "/api/basket", method: str = "POST", **request: Any) -> dict[str, str]:
    """Field to expectation, of a 400."""
    status, body = await door.problem(method, path, **request)
    assert (status, body["type"]) == (400, "/problems/validation")
    return {error["field"]: error["expected"] for error in body["errors"]}


class TestBody:
    async def test_a_valid_body_reaches_the_handler_as_its_model(self, door: Door) -> None:
        answer = await door.client.post("/api/basket", json={"event_id": 7, "quantity": 2})
        assert await answer.json() == {"event_id": 7, "quantity": 2, "basket_id": None, "note": "", "items": []}

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ({}, {"event_id": "a value"}),
            ({"event_id": "1"}, {"event_id": "a whole number"}),
            ({"event_id": True}, {"event_id": "a whole number"}),
            ({"event_id": 1.5}, {"event_id": "a whole number"}),
            ({"event_id": 1, "quantity": 0}, {"quantity": "at least 1"}),
            ({"event_id": 1, "quantity": -1}, {"quantity": "at least 1"}),
            ({"event_id": 1, "quantity": 11}, {"quantity": "at most 10"}),
            ({"event_id": 1, "quantity": 10**12}, {"quantity": "at most 10"}),
            ({"event_id": 1, "quantity": "two"}, {"quantity": "a whole number"}),
            ({"event_id": 1, "quantity": None}, {"quantity": "a whole number"}),
            ({"event_id": 1, "quantitty": 1}, {"quantitty": "no field of this name"}),
            ({"event_id": 1, "basket_id": "mine"}, {"basket_id": "a UUID"}),
            ({"event_id": 1, "note": "too long"}, {"note": "at most 5 characters"}),
            ({"event_id": 1, "items": [{"price": 1}, {"price": -1}]}, {"items.1.price": "at least 0.0"}),
            ({"event_id": 1, "items": [{"prize": 1}]}, {"items.0.prize": "no field of this name"}),
            ({"quantity": 0}, {"event_id": "a value", "quantity": "at least 1"}),
            ([], {"body": "an object"}),
            (7, {"body": "an object"}),
        ],
    )
    async def test_each_fault_is_named_with_what_was_expected(
        self, door: Door, body: object, expected: dict[str, str]
    ) -> None:
        assert await faults(door, json=body) == expected

    async def test_what_the_client_sent_is_not_repeated(self, door: Door) -> None:
        _, body = await door.problem("POST", "/api/basket", json={"event_id": "4111-secret"})
        assert "4111-secret" not in str(body)

    @pytest.mark.parametrize("raw", [b"{", b"event_id=1", b'{"event_id": 1}}', b"\xff\xfe", b'{"note": "\\ud800"}'])
    async def test_what_is_no_json_is_400(self, door: Door, raw: bytes) -> None:
        status, body = await door.problem("POST", "/api/basket", data=raw, **UNTYPED)
        assert (status, body["type"]) == (400, "/problems/validation")

    async def test_what_says_it_is_no_json_and_is_none_is_415(self, door: Door) -> None:
        status, body = await door.problem("POST", "/api/basket", data=FormData({"event_id": "1"}))
        assert (status, body["type"]) == (415, "/problems/unsupported-media-type")

    @pytest.mark.parametrize("declared", ["application/json", "text/plain", "application/x-www-form-urlencoded"])
    async def test_json_is_taken_as_json_whatever_it_is_called(self, door: Door, declared: str) -> None:
        answer = await door.client.post("/api/basket", data=b'{"event_id":7}', headers={"Content-Type": declared})
        assert (await answer.json())["event_id"] == 7

    async def test_no_body_is_an_empty_one(self, door: Door) -> None:
        assert (await door.client.post("/api/basket/extend")).status == 200
        assert await faults(door) == {"event_id": "a value"}

    async def test_a_text_that_no_database_can_hold_is_400(self, door: Door) -> None:
        status, body = await door.problem("POST", "/api/basket", json={"event_id": 1, "note": "a\0b"})
        assert (status, body["detail"]) == (400, "The body contains a NUL character.")

    async def test_a_number_of_ten_thousand_digits_is_400(self, door: Door) -> None:
        status, _ = await door.problem("POST", "/api/basket", data=b'{"event_id":%b}' % (b"9" * 10_000), **UNTYPED)
        assert status == 400

    async def test_a_body_nested_a_thousand_deep_is_400(self, door: Door) -> None:
        status, _ = await door.problem("POST", "/api/basket", data=b'{"items":' * 1000, **UNTYPED)
        assert status == 400

    @settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(raw=st.binary(max_size=200))
    async def test_no_bytes_are_our_fault(self, door: Door, raw: bytes) -> None:
        answer = await door.client.post("/api/basket", data=raw)
        assert answer.status in {400, 415}


class TestBodyLimit:
    async def test_a_body_beyond_64_kib_is_413(self, door: Door) -> None:
        status, body = await door.problem("POST", "/api/basket", data=b" " * 65_537)
        assert (status, body["type"]) == (413, "/problems/body-too-large")

    async def test_a_body_that_hides_its_length_is_413_too(self, door: Door) -> None:
        async def chunks() -> Any:
            for _ in range(70):
                yield b" " * 1024

        assert (await door.problem("POST", "/api/basket", data=chunks()))[0] == 413

    async def test_a_route_may_take_less(self, door: Door) -> None:
        async def chunks() -> Any:
            yield b"12345678901"

        assert (await door.client.post("/api/small", data=b"1234567890")).status == 200
        assert (await door.problem("POST", "/api/small", data=b"12345678901"))[0] == 413
        assert (await door.problem("POST", "/api/small", data=chunks()))[0] == 413


class TestQuery:
    async def test_parameters_are_read_from_their_text(self, door: Door) -> None:
        assert await (await door.client.get("/api/events?page=3&sort=price")).json() == {"page": 3, "sort": "price"}
        assert await (await door.client.get("/api/events")).json() == {"page": 1, "sort": "date"}

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("page=0", {"page": "at least 1"}),
            ("page=two", {"page": "a whole number"}),
            ("sort=name", {"sort": "'date' or 'price'"}),
            ("pages=1", {"pages": "no field of this name"}),
        ],
    )
    async def test_each_fault_is_named(self, door: Door, query: str, expected: dict[str, str]) -> None:
        assert await faults(door, f"/api/events?{query}", "GET") == expected

    @pytest.mark.parametrize("query", ["page=1&page=2", "sort=a%00b"])
    async def test_what_has_no_single_meaning_is_400(self, door: Door, query: str) -> None:
        assert (await door.problem("GET", f"/api/events?{query}"))[0] == 400

    async def test_a_needed_parameter_is_asked_for(self, door: Door) -> None:
        assert await faults(door, "/api/days", "GET") == {"day": "a value"}


class TestPath:
    async def test_parameters_reach_the_handler_as_their_kind(self, door: Door) -> None:
        order = "0195c1f0-0000-7000-8000-000000000001"
        assert await (await door.client.get("/api/events/12")).json() == {"event_id": 12}
        assert (await (await door.client.get(f"/api/orders/{order}?page=2")).json()) == {"order_id": order, "page": 2}
        assert await (await door.client.get("/api/tickets/AB_c-9.svg")).json() == {"code": "AB_c-9"}

    @pytest.mark.parametrize(
        "path",
        [
            "/api/events/x",
            "/api/events/-1",
            "/api/events/1.5",
            "/api/events/" + "9" * 19,
            "/api/orders/7",
            "/api/tickets/a%00b.svg",
            "/api/tickets/a%2Fb.svg",
            "/api/tickets/.svg",
            "/api/tickets/a.b.svg",
        ],
    )
    async def test_what_cannot_be_an_id_is_not_found(self, door: Door, path: str) -> None:
        assert (await door.problem("GET", path))[0] == 404

    def test_the_template_is_what_is_measured_and_documented(self) -> None:
        (order,) = (route for route in shop_routes() if "orders" in route.path)
        assert (order.template, order.name) == ("/api/orders/{order_id}", "GET /api/orders/{order_id}")


class TestReply:
    def test_models_times_and_ids_are_written_as_rfc_3339_and_text(self) -> None:
        at = datetime(2027, 3, 31, 18, 0, tzinfo=UTC)
        basket = UUID("0195c1f0-0000-7000-8000-000000000001")

        class View(BaseModel):
            basket_id: UUID
            expires_at: datetime

        expected = b'{"basket_id":"0195c1f0-0000-7000-8000-000000000001","expires_at":"2027-03-31T18:00:00Z"}'
        assert reply(View(basket_id=basket, expires_at=at)).body == expected
        assert reply({"basket_id": basket, "expires_at": at}).body == expected
        assert reply(expected).body == expected

    def test_status_and_headers_are_the_handlers(self) -> None:
        answer = reply({}, 201, {"ETag": '"1"'})
        assert (answer.status, answer.headers["ETag"], answer.content_type) == (201, '"1"', "application/json")


class TestMistakesOfOurs:
    """Found when the service starts, not when a customer comes."""

    def test_a_model_that_swallows_unknown_fields_is_refused(self) -> None:
        class Lax(BaseModel):
            event_id: int

        class Outer(Body):
            inner: Lax

        for model in (Lax, Outer):
            with pytest.raises(TypeError, match="Lax takes unknown fields"):
                Routes().post("/api/x", body=model, answers=OK)(shop_handler)

    async def test_a_handler_that_wants_what_nobody_gives_is_refused(self, serve: Serve) -> None:
        routes = Routes()

        @routes.get("/api/events/{event_id:int}", answers=OK)
        async def wrong(_request: web.Request, event: int) -> web.Response:
            return reply({"event": event})

        with pytest.raises(TypeError, match=r"wants \['event'\], which are not in the path"):
            await serve(routes)

    def test_an_unknown_kind_of_parameter_is_refused(self) -> None:
        with pytest.raises(KeyError, match="integer"):
            Route(method="GET", path="/{id:integer}", handler=shop_handler, answers=OK)


async def shop_handler(_request: web.Request) -> web.Response:
    return reply({})
