from datetime import UTC, datetime, timedelta

import pytest

from backend.db.pool import Database
from backend.features.catalogue.seed import SeedRefusedError, seed
from tests.box_office import BoxOffice


async def test_the_season_is_on_sale_and_its_books_are_right(db: Database, box_office: BoxOffice) -> None:
    now = datetime.now(UTC)
    changes = await seed(db, environment="local", now=now)
    assert {change.action for change in changes} == {"published"}
    assert await box_office.broken() == []
    first_three = await box_office.rows(
        "SELECT e.id, t.price_minor, e.currency, p.capacity >= 100000, t.seated, t.on_sale_at <= %(now)s,"
        " e.starts_at > %(now)s"
        " FROM event e JOIN ticket_type t ON t.event_id = e.id JOIN pool p ON p.id = t.pool_id"
        " WHERE e.id <= 3 ORDER BY e.id",
        now=now,
    )
    assert first_three == [
        (1, 9999, "EUR", True, False, True, True),
        (2, 14999, "EUR", True, False, True, True),
        (3, 4500, "EUR", True, False, True, True),
    ]


async def test_it_has_an_event_of_each_kind(db: Database, box_office: BoxOffice) -> None:
    now = datetime.now(UTC)
    await seed(db, environment="dev", now=now)
    assert await box_office.value("SELECT count(*) FROM pool WHERE available = 0") == 1
    assert await box_office.value("SELECT count(DISTINCT event_id) FROM ticket_type WHERE price_minor = 0") == 1
    assert await box_office.value("SELECT min(on_sale_at) FROM ticket_type WHERE on_sale_at > %(now)s", now=now) == (
        now + timedelta(minutes=2)
    )
    assert await box_office.rows(
        "SELECT e.waiting_room, t.on_sale_at > %(now)s FROM event e JOIN ticket_type t ON t.event_id = e.id"
        " WHERE e.waiting_room <> 'off'",
        now=now,
    ) == [("on", True)]
    halls = await box_office.rows(
        "SELECT count(*), count(*) FILTER (WHERE sold) FROM seat GROUP BY event_id ORDER BY event_id"
    )
    assert [300 <= seats <= 600 for seats, _ in halls] == [True, True]
    assert [0 < sold < seats for seats, sold in halls] == [False, True]


async def test_seeding_again_changes_nothing(db: Database, box_office: BoxOffice) -> None:
    await seed(db, environment="local", now=datetime.now(UTC))
    orders = await box_office.value("SELECT count(*) FROM orders")
    changes = await seed(db, environment="local", now=datetime.now(UTC))
    assert {change.action for change in changes} == {"unchanged"}
    assert await box_office.value("SELECT count(*) FROM orders") == orders


async def test_a_season_that_is_over_gets_new_dates(db: Database, box_office: BoxOffice) -> None:
    await seed(db, environment="local", now=datetime.now(UTC) - timedelta(days=400))
    await seed(db, environment="local", now=datetime.now(UTC))
    assert await box_office.value("SELECT min(starts_at) > now() FROM event")
    assert await box_office.broken() == []


async def test_it_refuses_in_production(db: Database, box_office: BoxOffice) -> None:
    with pytest.raises(SeedRefusedError):
        await seed(db, environment="prod", now=datetime.now(UTC))
    assert await box_office.value("SELECT count(*) FROM event") == 0
