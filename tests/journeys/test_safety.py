"""What nobody may learn or do: other people's orders, tokens in logs, pages that load what they should not."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from tests.box_office import BoxOffice, eventually
from tests.journeys.conftest import OpenShop
from tests.messaging.letters import post_office
from tests.shop import Answer, Shop, backend_process, free_ports

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NOTHING_RUNS = "default-src 'none'; frame-ancestors 'none'"


def is_safe(headers: Mapping[str, str]) -> bool:
    return {name: headers.get(name) for name in SAFE} == SAFE and "Server" not in headers


async def bought(shop: Shop) -> Answer:
    """An order of one free ticket."""
    answer = await shop.check_out(await shop.basket(await shop.box_office.publish()))
    assert answer.status == 200
    return answer


def places(order: Answer) -> list[tuple[str, str]]:
    """Everything that an order's token opens, without the token."""
    at, ticket = f"/api/orders/{order.body['order_id']}", order.body["tickets"][0]
    links = [ticket["svg_url"], ticket["pdf_url"], f"{at}/calendar.ics", at]
    return [*(("GET", link.partition("?")[0]) for link in links), ("POST", f"{at}/cancel")]


async def test_an_order_opens_to_its_own_token_alone(shop: Shop) -> None:
    mine, theirs = await bought(shop), await bought(shop)
    token = mine.body["order_token"]
    for method, path in places(theirs):
        body = b"{}" if method == "POST" else None
        for refused in (
            await shop.ask(method, path, body),
            await shop.ask(method, f"{path}?token={token}", body),
            await shop.ask(method, path, body, Authorization=f"Bearer {token}"),
            await shop.ask(method, f"{path}?token={theirs.body['order_token'][:-1]}", body),
        ):
            assert (refused.status, refused.problem) == (401, "unauthorized"), path
    assert (await shop.order(theirs))["status"] == "paid"
    for method, path in places(mine):
        body = b"{}" if method == "POST" else None
        assert (await shop.ask(method, path, body, Authorization=f"Bearer {token}")).status == 200, path


async def answers_of_every_kind(shop: Shop) -> dict[str, Answer]:
    """By what they are."""
    order = await bought(shop)
    ticket = order.body["tickets"][0]
    at = f"/api/orders/{order.body['order_id']}"
    event = (await shop.order(order))["tickets"][0]["event_id"]
    listed = await shop.ask("GET", "/api/events")
    return {
        "JSON 200": listed,
        "JSON 201": await shop.ask("POST", "/api/basket", {"event_id": event}),
        "an order": await shop.ask("GET", f"{at}?token={order.body['order_token']}"),
        "a ticket": await shop.ask("GET", ticket["svg_url"]),
        "a document": await shop.ask("GET", ticket["pdf_url"]),
        "a poster": await shop.ask("GET", f"/api/events/{event}/poster.svg"),
        "nothing": await shop.ask("POST", "/api/rum", {"page": "list", "metrics": [{"name": "CLS", "value": 0}]}),
        "not modified": await shop.ask("GET", "/api/events", If_None_Match=listed.headers["ETag"]),
        "a head": await shop.ask("HEAD", "/api/events"),
        "a probe": await shop.ask("GET", "/healthz"),
        "not valid": await shop.ask("GET", "/api/events?page=0"),
        "refused": await shop.ask("GET", at),
        "of another site": await shop.ask("POST", "/api/basket", {}, Sec_Fetch_Site="cross-site"),
        "unknown": await shop.ask("GET", "/nowhere"),
        "a method": await shop.ask("PUT", "/api/basket"),
        "too large": await shop.ask("POST", "/api/basket", b" " * 70_000),
    }


async def test_every_answer_keeps_browsers_from_guessing_framing_and_telling(shop: Shop) -> None:
    answers = await answers_of_every_kind(shop)
    statuses = [200, 201, 200, 200, 200, 200, 204, 304, 200, 200, 400, 401, 403, 404, 405, 413]
    assert [answer.status for answer in answers.values()] == statuses, answers
    for kind, answer in answers.items():
        assert is_safe(answer.headers), kind
        assert answer.headers["Content-Security-Policy"] == NOTHING_RUNS, kind
        assert answer.headers["X-Request-ID"], kind
        assert "Cache-Control" in answer.headers, kind
        if answer.status >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json", kind
            assert answer.body["status"] == answer.status
            assert answer.headers["Cache-Control"] == "no-store"


async def test_what_belongs_to_a_customer_is_stored_nowhere(shop: Shop) -> None:
    answers = await answers_of_every_kind(shop)
    for kind in ("JSON 201", "an order", "a ticket", "a document"):
        assert answers[kind].headers["Cache-Control"] == "no-store", kind


async def test_pages_and_documentation_load_only_what_is_ours(open_shop: OpenShop, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>Tickets</title>")
    async with open_shop(static_dir=tmp_path) as shop:
        page, deep, docs = [await shop.ask("GET", path) for path in ("/", "/orders/1?token=t", "/api/docs")]
        stream = await shop.client.get(f"{shop.url}/api/events/{(await shop.box_office.publish()).event_id}/stream")
        stream.close()
    for answer in (page, deep, docs):
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert is_safe(answer.headers)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert all("; script-src 'self'; " in answer.headers["Content-Security-Policy"] for answer in (page, deep))
    assert "; style-src 'sha256-" in docs.headers["Content-Security-Policy"]
    assert is_safe(stream.headers)


async def test_https_is_demanded_and_cookies_are_secure_where_the_shop_is_https(open_shop: OpenShop) -> None:
    async with open_shop(public_url="https://tickets.example.com") as shop:
        held = await shop.hold(await shop.box_office.publish())
    assert held.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(held.headers["Set-Cookie"].split("; "))


async def test_a_head_is_its_get_without_the_body(shop: Shop) -> None:
    order = await bought(shop)
    ticket = order.body["tickets"][0]
    for path in ("/api/events", "/healthz", "/api/docs", ticket["svg_url"], ticket["pdf_url"]):
        get, head = await shop.ask("GET", path), await shop.ask("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
        assert head.headers["Content-Length"] == get.headers["Content-Length"]
    missing = await shop.ask("HEAD", "/api/events/4711")
    assert (missing.status, missing.headers["Content-Type"]) == (404, "application/problem+json")


async def test_a_body_is_read_no_further_than_it_may_be_long(shop: Shop) -> None:
    """The answer comes while the rest is still on its way."""
    last = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b" " * 20_000
        await last.wait()

    async with asyncio.timeout(1), shop.client.post(f"{shop.url}/api/basket", data=endless()) as answer:
        assert answer.status == 413
    last.set()


async def test_no_log_of_any_process_has_an_orders_token(box_office: BoxOffice, dsn: str, tmp_path: Path) -> None:
    """At the most talkative level, whichever way the token came, and the worker writes it into letters."""
    port, metrics_port, worker_port = free_ports(3)
    sale = await box_office.publish()
    async with AsyncExitStack() as stack:
        office = await stack.enter_async_context(post_office())
        client = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{port}"))
        log = stack.enter_context((tmp_path / "log").open("wb"))
        variables = {
            "ENVIRONMENT": "test", "HOST": "127.0.0.1", "PORT": str(port), "LOG_LEVEL": "DEBUG", "LOG_SAMPLE": "1",
            "DATABASE_URL": dsn, "SECRET_KEY": "a secret for tests only", "SMTP_URL": f"smtp://127.0.0.1:{office.port}",
        }  # fmt: skip
        running = [
            await stack.enter_async_context(
                backend_process({**variables, "METRICS_PORT": str(own_port)}, command, stdout=log, stderr=log)
            )
            for command, own_port in (("serve", metrics_port), ("worker", worker_port))
        ]

        async def ready() -> bool:
            try:
                async with client.get("/readiness") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        async def arrived() -> bool:
            return bool(office.letters)

        await eventually(ready, within=15)
        items = {"items": [{"event_id": sale.event_id}], "email": "a@example.com"}
        async with client.post("/api/checkout", json=items) as answer:
            order = await answer.json()
        token, ticket, at = order["order_token"], order["tickets"][0], f"/api/orders/{order['order_id']}"
        bearer = {"Authorization": f"Bearer {token}"}
        for path in (ticket["svg_url"], ticket["pdf_url"], f"{at}?token={token}", f"{at}?x=1&token={token}"):
            await (await client.get(path)).read()
        await client.get(at, headers={**bearer, "Referer": f"https://shop.example/orders/1?token={token}"})
        await client.get(f"/nowhere?token={token}")
        await client.post(f"{at}/cancel?token={token}", json={}, headers={"Idempotency-Key": token})
        await eventually(arrived)
        for process in running:
            process.terminate()
            await process.wait()
    text = (tmp_path / "log").read_text()
    assert token not in text
    lines = [json.loads(line) for line in text.splitlines()]
    paths = [line["path"] for line in lines if line.get("route") == "/api/orders/{order_id}"]
    assert sorted(paths) == [at, f"{at}?token=***", f"{at}?x=1&token=***"]
    assert {line["logger"] for line in lines} >= {"backend.app", "backend.worker", "backend.access"}
