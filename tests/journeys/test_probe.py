"""`python -m backend probe`: a ticket of an event that nobody finds is bought and given back."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from backend.db.pool import Database
from backend.domain.probe import PROBE_EVENT
from backend.features.catalogue.apply import apply_events
from backend.features.catalogue.seed import seed
from backend.probe import ProbeError, buy_and_give_back, probe_event
from tests.box_office import BoxOffice, eventually
from tests.features.catalogue.samples import event, season, write
from tests.shop import Shop, backend_process, free_ports, variables
from tests.test_cli import backend

NOTHING_LEFT = {"available": 1_000_000, "sold": 0, "mails": 0}


async def left_behind(box_office: BoxOffice) -> dict[str, int]:
    return {
        "available": await box_office.value("SELECT available FROM pool"),
        "sold": await box_office.value("SELECT count(*) FROM ticket WHERE state = 'valid'"),
        "mails": await box_office.value("SELECT count(*) FROM orders WHERE email IS NOT NULL"),
    }


async def test_the_probe_leaves_nothing_behind_and_the_books_agree(shop: Shop, dsn: str, box_office: BoxOffice) -> None:
    first = await backend("probe", dsn=dsn, PUBLIC_URL=shop.url)
    again = await backend("probe", dsn=dsn, PUBLIC_URL=shop.url)
    assert [(each.code, each.err) for each in (first, again)] == [(0, []), (0, [])]
    assert [each.partition(" ms")[0].rstrip("0123456789") for each in first.out[0].split(", ")] == [
        "find ", "buy ", "open ", "give back "
    ]  # fmt: skip
    assert await box_office.value("SELECT count(*) FROM orders WHERE status = 'cancelled'") == 2
    assert await left_behind(box_office) == NOTHING_LEFT
    assert await shop.broken() == []


async def test_what_the_probe_buys_is_no_sale_and_no_letter(shop: Shop, dsn: str, box_office: BoxOffice) -> None:
    """With serve and probe in processes of their own, and a worker that sends what there is to send."""
    given = variables(shop.settings)
    (port,) = free_ports(1)
    served = {**given, "PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    async with backend_process(served, "serve") as serve:

        async def answers() -> bool:
            assert serve.returncode is None
            with suppress(aiohttp.ClientError):
                async with shop.client.get(f"http://127.0.0.1:{port}/readiness") as answer:
                    return answer.status == 200
            return False

        await eventually(answers, within=20)
        before = await shop.metrics(int(given["METRICS_PORT"]))
        ended = await backend("probe", dsn=dsn, PUBLIC_URL=served["PUBLIC_URL"])
        assert (ended.code, ended.err) == (0, [])
        await shop.settled(
            "NOT EXISTS (SELECT FROM outbox WHERE routed_at IS NULL) AND NOT EXISTS (SELECT FROM delivery)"
        )
        after = await shop.metrics(int(given["METRICS_PORT"]))
    grown = {name for name in after if after[name] != before.get(name, 0)}
    assert 'http_requests_total{code="200",method="POST",route="/api/checkout"}' in grown
    assert {
        name for name in grown if name.startswith(("orders_total", "tickets_sold_total", "payments_total"))
    } == set()
    assert letters(shop) == []
    assert await box_office.value("SELECT count(*) FROM orders WHERE status = 'cancelled'") == 1


def letters(shop: Shop) -> list[Path]:
    return list(shop.settings.mailbox_dir.glob("*"))


async def test_customers_of_another_event_count_as_ever(shop: Shop, db: Database) -> None:
    await probe_event(db)
    before = await shop.metrics()
    bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=0, capacity=3), 2))
    order, token = bought.body["order_id"], bought.body["order_token"]
    assert (await shop.ask("POST", f"/api/orders/{order}/cancel?token={token}", {})).status == 200
    after = await shop.metrics()
    grown = {name: after[name] - before.get(name, 0) for name in after if name.startswith(("orders_", "tickets_sold"))}
    assert {name: count for name, count in grown.items() if count} == {
        'orders_total{status="paid"}': 1, 'orders_total{status="cancelled"}': 1, "tickets_sold_total": 2
    }  # fmt: skip


async def test_its_event_takes_no_number_from_the_events_that_follow(db: Database) -> None:
    assert await probe_event(db) == PROBE_EVENT
    changes = await seed(db, environment="dev", now=datetime.now(UTC))
    assert {change.slug: change.event_id for change in changes}["lantern-summer"] == 1
    assert max(change.event_id for change in changes) < 100
    assert await probe_event(db) == PROBE_EVENT


async def test_nobody_finds_its_event(shop: Shop, db: Database) -> None:
    event_id = await probe_event(db)
    assert (await shop.ask("GET", "/api/events?per_page=100")).body["events"] == []
    assert (await shop.ask("GET", "/api/events?q=probe")).body["total"] == 0
    assert (await shop.ask("GET", f"/api/events/{event_id}")).status == 200


async def test_its_event_stays_when_a_season_is_applied_that_does_not_name_it(
    db: Database, tmp_path: Path, box_office: BoxOffice
) -> None:
    event_id = await probe_event(db)
    await apply_events(db, write(tmp_path, season(event(), before="prune: true")), now=datetime.now(UTC))
    assert await box_office.value("SELECT status FROM event WHERE slug = 'probe'") == "published"
    assert await probe_event(db) == event_id


async def test_a_shop_that_does_not_answer_is_one_line(dsn: str) -> None:
    ended = await backend("probe", dsn=dsn, PUBLIC_URL="http://127.0.0.1:1")
    assert (ended.code, len(ended.err)) == (1, 1)
    assert ended.err[0].startswith("probe: find: GET /events/")


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (503, '{"title": "busy"}', r"^find: GET /events/7 is answered 503: \{'title': 'busy'\}$"),
        (200, "<html>", r"^find: GET /events/7: "),
    ],
)
async def test_a_shop_that_answers_otherwise_is_one_line(status: int, body: str, says: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        with pytest.raises(ProbeError, match=says):
            await buy_and_give_back(str(server.make_url("")), 7)
