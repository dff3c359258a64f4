from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, Field

from backend.web.docs import docs_page, document_routes
from backend.web.health import Health, health_routes
from backend.web.openapi import openapi_document, statuses_of
from backend.web.parsing import Body, Query
from backend.web.problems import CATALOGUE
from backend.web.routes import Routes, reply
from tests.web.serving import Serve


class Line(BaseModel):
    event_id: int
    kind: Literal["seat", "standing"]


class BasketView(BaseModel):
    basket_id: UUID
    items: list[Line]


class NewHold(Body):
    event_id: int
    quantity: Annotated[int, Field(ge=1, le=10)] = 1


class TokenQuery(Query):
    token: str | None = None
    page: Annotated[int, Field(ge=1)] = 1


def shop_routes() -> Routes:
    routes = Routes()

    @routes.post("/api/basket", body=NewHold, answers={201: BasketView}, problems=("sold-out",), idempotent=True)
    async def hold_tickets(_request: web.Request, _body: NewHold) -> web.Response:
        """Hold tickets for ten minutes.

        All of them, or <none>.
        """
        return reply({})

    @routes.get("/api/orders/{order_id:uuid}", query=TokenQuery, answers={200: BasketView}, token=True)
    async def show_order(_request: web.Request, _query: TokenQuery, order_id: UUID) -> web.Response:
        """Show an order."""
        return reply({"order_id": order_id})

    @routes.get("/api/tickets/{code}.svg", answers={200: "image/svg+xml"})
    async def ticket(_request: web.Request, code: str) -> web.Response:
        """Draw a ticket."""
        return reply({"code": code})

    @routes.delete("/api/basket", answers={204: None})
    async def empty(_request: web.Request) -> web.Response:
        """Give everything back."""
        return web.Response(status=204)

    return routes


@pytest.fixture(scope="module")
def document() -> Any:
    return openapi_document([*shop_routes(), *health_routes(Health())], "AegisTickets", "1")


def test_the_document_is_valid_openapi_3_1(document: Any) -> None:
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_but_the_probes_is_in_it(document: Any) -> None:
    assert {path: set(methods) for path, methods in document["paths"].items()} == {
        "/api/basket": {"post", "delete"},
        "/api/orders/{order_id}": {"get"},
        "/api/tickets/{code}.svg": {"get"},
    }


def test_a_route_says_what_it_takes_and_answers(document: Any) -> None:
    hold = document["paths"]["/api/basket"]["post"]
    assert (hold["summary"], hold["description"]) == ("Hold tickets for ten minutes.", "All of them, or <none>.")
    assert hold["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/NewHold"}
    created = hold["responses"]["201"]["content"]["application/json"]["schema"]
    assert created == {"$ref": "#/components/schemas/BasketView"}
    quantity = document["components"]["schemas"]["NewHold"]["properties"]["quantity"]
    assert (quantity["minimum"], quantity["maximum"]) == (1, 10)


def test_a_route_says_which_problems_it_has(document: Any) -> None:
    responses = document["paths"]["/api/basket"]["post"]["responses"]
    assert set(responses) == {"201", "400", "403", "409", "413", "415", "422", "429", "500", "503", "504"}
    assert "`sold-out`" in responses["409"]["description"]
    assert "`idempotency-in-flight`" in responses["409"]["description"]
    assert "Retry-After" in responses["503"]["headers"]


def test_an_idempotent_route_takes_the_header(document: Any) -> None:
    (header,) = document["paths"]["/api/basket"]["post"]["parameters"]
    assert (header["name"], header["in"], header["required"]) == ("Idempotency-Key", "header", False)


def test_an_order_answers_to_its_token_alone(document: Any) -> None:
    order = document["paths"]["/api/orders/{order_id}"]["get"]
    assert order["security"] == [{"orderToken": []}, {"orderTokenInQuery": []}]
    assert [parameter["name"] for parameter in order["parameters"]] == ["order_id", "page"]


def test_two_handlers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two routes have handlers of the same name"):
        openapi_document([*shop_routes(), *shop_routes()], "AegisTickets", "1")


def test_the_statuses_of_a_route_are_known_before_it_is_asked() -> None:
    (hold, *_) = shop_routes()
    assert {201, 400, 409, 422, 503, 504} <= statuses_of(hold)


def test_the_page_shows_every_route_and_problem_and_escapes_them(document: Any) -> None:
    page = docs_page(document)
    assert "All of them, or &lt;none&gt;." in page
    assert "integer, 1 to 10" in page
    assert "items.kind" in page
    assert "seat | standing" in page
    assert all(slug in page for slug in CATALOGUE)
    assert all(f'id="{name}"' in page for name in ("hold_tickets", "show_order", "ticket", "empty"))


async def test_document_and_page_are_served_and_load_nothing(serve: Serve) -> None:
    routes = shop_routes()
    door = await serve([*routes, *document_routes(routes, "AegisTickets", "1")])
    served = await (await door.client.get("/api/openapi.json")).json()
    OpenAPIV31SpecValidator(served).validate()
    assert {"/api/openapi.json", "/api/docs"} <= set(served["paths"])
    answer = await door.client.get("/api/docs")
    page = await answer.text()
    assert answer.content_type == "text/html"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in page
    assert "http" not in page.replace("http status", "")
