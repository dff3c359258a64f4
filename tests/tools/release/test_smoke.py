"""The visit that ends a deployment: at a real shop, and at one of which something is wrong."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.box_office import BoxOffice
from tests.shop import Shop, free_ports, running_shop
from tools.console import Failure
from tools.release.smoke import smoke


@pytest.fixture
async def shop(box_office: BoxOffice, dsn: str, tmp_path: Path) -> AsyncIterator[Shop]:
    (tmp_path / "index.html").write_text("<!doctype html><title>Shop</title>")
    async with running_shop(box_office, dsn, tmp_path, static_dir=tmp_path) as shop:
        yield shop


async def test_a_shop_that_sells_passes_and_nothing_is_sold(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    sold_out = await shop.box_office.publish(capacity=1)
    await shop.basket(sold_out)
    sale = await shop.box_office.publish(capacity=3)
    await smoke(shop.url)
    assert f"a ticket of event {sale.event_id} was held and given back" in capsys.readouterr().out
    assert await shop.box_office.available(sale) == 3


async def test_a_shop_without_events_passes_and_it_is_said(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    await smoke(shop.url)
    assert "NO TICKET WAS HELD" in capsys.readouterr().out


async def test_it_finds_a_shop_whose_name_the_world_does_not_know_yet(shop: Shop) -> None:
    await smoke(f"http://tickets.invalid:{shop.settings.port}", through="127.0.0.1")


async def test_a_shop_that_never_answers_is_given_up() -> None:
    (port,) = free_ports(1)
    with pytest.raises(Failure, match=r"^http://127.0.0.1:\d+/api/status does not answer within 0 s: Cannot connect"):
        await smoke(f"http://127.0.0.1:{port}", wait=0.2)


GOOD: dict[str, tuple[int, Any]] = {
    "GET /api/status": (200, {"invariants": {"broken": []}}),
    "GET /": (200, "<title>Shop</title>"),
    "GET /metrics": (404, "Not found"),
    "GET /api/events": (200, {"events": [{"id": 7, "available_tickets": 5}]}),
    "POST /api/basket": (201, {"basket_id": "b"}),
    "DELETE /api/basket": (204, ""),
}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, ""),
        ({"GET /api/status": (200, {"invariants": {"broken": ["7: 3 tickets too many"]}})}, "7: 3 tickets too many"),
        ({"GET /": (502, "Bad gateway")}, "answers 502 text/html and not the page"),
        ({"GET /metrics": (200, "http_requests_total 1")}, "shows the metrics to everybody"),
        ({"GET /api/events": (500, {})}, "GET .*/api/events answers 500"),
        ({"POST /api/basket": (503, {"title": "busy"})}, "answers 503 for event 7: {'title': 'busy'}"),
        ({"DELETE /api/basket": (500, {})}, "DELETE .*/api/basket answers 500"),
    ],
)
async def test_what_is_wrong_is_named(wrong: dict[str, tuple[int, Any]], says: str) -> None:
    answers = {**GOOD, **wrong}

    async def answer(request: web.Request) -> web.Response:
        status, body = answers[f"{request.method} {request.path}"]
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html")
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        if not says:
            await smoke(url)
            return
        with pytest.raises(Failure, match=says):
            await smoke(url)
