"""The API's document: its snapshot is current, and the running shop keeps what it says, whatever is sent."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson
import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import settings
from openapi_spec_validator import OpenAPIV31SpecValidator

from backend.app import openapi_json
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.features.catalogue.seed import seed
from backend.telemetry.promise import load_promise
from tests.box_office import BoxOffice, Sale
from tests.shop import Answer, Shop, running_shop
from tools.programs.postgres import Server

# The shop runs in a thread beside the strategies, and may use `random`.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

Case = schemathesis.Case[Any]

SNAPSHOT = Path(__file__).parents[1] / "backend/openapi.json"
DOCUMENT = orjson.loads(openapi_json())

# The probes have no client but our own platform, and the page's files are no part of the API.
UNDOCUMENTED = {"GET /healthz", "GET /readiness", "GET /{path}"}

# Every check of schemathesis is on, with these exceptions.
CONFIG: dict[str, Any] = {
    "seed": 1,
    "max-stream-events": 1,  # a stream has no end
    "generation": {"allow-x00": False},  # PostgreSQL's text cannot hold NUL, so no text may
    # Only what says that the request is wrong counts as a refusal, too large a body included.
    "checks": {"negative_data_rejection": {"expected-statuses": ["400", "401", "404", "405", "413", "415"]}},
    "operations": [
        {
            "include-name": "POST /api/payments/{provider}/webhook",
            # What makes it acceptable is the provider's signature.
            "checks": {"positive_data_acceptance": {"enabled": False}},
        }
    ],
}
documented = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config.from_dict(CONFIG))


def test_the_snapshot_is_current() -> None:
    assert SNAPSHOT.read_text() == openapi_json(), "run: python -m backend openapi > backend/openapi.json"


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_the_document_has_every_route_of_the_promise_and_no_other() -> None:
    promise = load_promise()
    promised = {*promise.route_journeys, *(route for routes in promise.excluded.values() for route in routes)}
    described = {f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == promised - UNDOCUMENTED


@dataclass
class Customer:
    """Knows what is there: events by number, a hall, and as many baskets and orders of their own as they ask for."""

    shop: Shop
    portal: BlockingPortal
    events: int
    hall: Sale

    def basket(self) -> str:
        return str(self.portal.call(self.shop.basket, self.hall))

    def order(self) -> Answer:
        bought: Answer = self.portal.call(self.shop.check_out, self.basket())
        return bought

    def means(self, case: Case) -> dict[str, str]:
        """Half of the names in a valid request become those of real things; answers the headers to send."""
        if isinstance(case.body, dict):
            case.body = _whole(case.body)
        parameters, query = case.path_parameters, case.query
        body: dict[str, Any] = case.body if isinstance(case.body, dict) else {}
        for line in (parameters, body, *body.get("items", [])):
            if "event_id" in line:
                line["event_id"] = self._event(line["event_id"])
            if line.get("seat_ids"):
                self._choose_seats(line)
        for place in (body, query):
            if place.get("basket_id") and _even(place["basket_id"]):
                place["basket_id"] = self.basket()
        if "provider" in parameters and _even(parameters["provider"]):
            parameters["provider"] = self.shop.settings.payment_provider
        query.pop("token", None)  # it goes into a header; in an address not any text can stand
        if query.get("from") and query.get("to") and query["from"] > query["to"]:
            query.pop("to")  # the document cannot say that it is the later day
        return self._order_in(case)

    def _event(self, number: int) -> int:
        return number % self.events + 1 if _even(number) else number

    def _choose_seats(self, line: dict[str, Any]) -> None:
        line.pop("quantity", None)  # the document cannot say that it is their number
        if _even(line["seat_ids"]):
            line["event_id"] = self.hall.event_id
            seats = self.hall.seat_ids
            line["seat_ids"] = list({seats[number % len(seats)] for number in line["seat_ids"]})
            line.pop("ticket_type_id", None)

    def _order_in(self, case: Case) -> dict[str, str]:
        parameters = case.path_parameters
        name = parameters.get("order_id") or parameters.get("code")
        if name is None or not _even(name):
            return {}
        order = self.order().body
        if "order_id" in parameters:
            parameters["order_id"] = order["order_id"]
        else:
            parameters["code"] = order["tickets"][0]["code"]
        return {"Authorization": f"Bearer {order['order_token']}"}


def _whole(value: Any) -> Any:
    """2 for 2.0, which a JSON schema takes for an integer and the shop does not."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _whole(part) for name, part in value.items()}
        case list():
            return list(map(_whole, value))
    return value


def _even(value: object) -> bool:
    """A coin that falls the same way for the same value, so that a failure can be repeated."""
    return crc32(str(value).encode()) % 2 == 0


@asynccontextmanager
async def opened(dsn: str, folder: Path) -> AsyncIterator[tuple[Shop, Sale]]:
    """A shop with the demo catalogue and a hall."""
    database = await Database.open(DatabaseOptions(dsn=dsn))
    await seed(database, environment="test", now=datetime.now(UTC))
    box_office = BoxOffice(database)
    async with running_shop(box_office, dsn, folder) as shop:
        yield shop, await box_office.publish(capacity=3000, price=1000, seated=True)
    await database.close(patience=1.0)


@pytest.fixture(scope="module")
def customer(server: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Customer]:
    """Of a shop in a thread of its own, because the client that tests it waits for each answer."""
    dsn = server.create_database("documented", template=template)
    folder = tmp_path_factory.mktemp("documented")
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened(dsn, folder)) as (shop, hall):
        yield Customer(shop, portal, events=hall.event_id, hall=hall)
    server.drop_database("documented")


@documented.parametrize()
@settings(max_examples=25, deadline=None)
def test_the_shop_keeps_its_document(case: Case, customer: Customer) -> None:
    valid = case.meta is not None and case.meta.generation.mode.is_positive
    headers = customer.means(case) if valid else {}
    case.call_and_validate(base_url=customer.shop.url, headers=headers)


def test_nothing_that_was_sent_has_broken_the_shop(customer: Customer) -> None:
    """Runs after all that."""
    assert customer.portal.call(customer.shop.broken) == []
