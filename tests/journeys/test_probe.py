"""`python -m backend probe`: a ticket of an event that nobody finds is bought and given back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from backend.db.pool import Database
from backend.features.catalogue.apply import apply_events
from backend.probe import ProbeError, buy_and_give_back, probe_event
from tests.box_office import BoxOffice
from tests.features.catalogue.samples import event, season, write
from tests.shop import Shop
from tests.test_cli import backend

NOTHING_LEFT = {"available": 10_000, "sold": 0, "mails": 0}


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
