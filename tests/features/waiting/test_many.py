"""Rooms with more places than a statement may read: what is done each second stays bounded, and is gone on with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.pool import Database
from backend.domain.admissions import Place
from backend.domain.ids import uuid7
from backend.features.waiting import governor as governing
from backend.features.waiting.governor import forget_places
from backend.features.waiting.places import Places, queries
from backend.features.waiting.rooms import Room
from tests.box_office import BoxOffice, Sale
from tests.features.waiting.test_places import admitted, governor, governor_once, queue, room

MANY, PAGE = 6000, 500
VALUES: dict[str, object] = {"most": PAGE, "front": PAGE, "away": timedelta(seconds=45), "lost": timedelta(minutes=10)}
VALUES |= {"after": UUID(int=0), "lasts": timedelta(minutes=5)}
CROWDS: dict[str, dict[str, int]] = {
    "here": {"people": MANY},
    "away": {"people": MANY, "unseen": 60},
    "lost": {"people": MANY, "unseen": 1000},
    "left": {"people": MANY, "left": 7200},
    "gathering": {"people": MANY, "numbered": False},
    "new": {"people": 4 * MANY, "unseen": 60},  # so quickly that there are no statistics of it
}
_FILL = """
    INSERT INTO place (id, event_id, number, lot, basket_id, address, seen_at, away_since, left_at)
    SELECT gen_random_uuid(), %(event)s, CASE WHEN %(numbered)s THEN n END,
        CASE WHEN NOT %(numbered)s THEN sha256(n::text::bytea) END, gen_random_uuid(), 'here' || n,
        now() - %(unseen)s * interval '1 second',
        CASE WHEN %(unseen)s > 600 THEN now() - %(unseen)s * interval '1 second' END,
        CASE WHEN %(left)s > 0 THEN now() - %(left)s * interval '1 second' END
    FROM generate_series(%(first)s, least(%(people)s, %(first)s + %(most)s - 1)) AS n
"""
_KEEP_COUNT = """
    UPDATE room SET waiting = CASE WHEN %(unseen)s > 600 THEN 0 ELSE %(people)s END,
        next_number = CASE WHEN %(numbered)s THEN %(people)s + 1 ELSE 1 END,
        gathered = CASE WHEN %(numbered)s THEN 0 ELSE %(people)s END
    WHERE event_id = %(event)s
"""


@pytest.fixture
async def places(db: Database) -> AsyncIterator[Places]:
    made = Places(db, per_address=None)
    yield made
    await made.close()


async def fill(db: Database, sale: Sale, people: int, *, unseen: int = 0, left: int = 0, numbered: bool = True) -> None:
    """So many places in the room, all unseen for so many seconds, or given up so long ago."""
    values = {"event": sale.event_id, "people": people, "unseen": unseen, "left": left, "numbered": numbered}
    for first in range(1, people + 1, 3000):  # so few in one statement that a busy machine has done it in time
        await db.execute(_FILL, {**values, "first": first, "most": 3000})
    await db.execute(_KEEP_COUNT, values)


async def live(box_office: BoxOffice) -> int:
    return int(
        await box_office.value(
            "SELECT count(*) FROM place WHERE admitted_at IS NULL AND left_at IS NULL AND away_since IS NULL"
        )
    )


def _rows_read(plan: dict[str, Any]) -> Iterator[int]:
    """Of places, by each scan of a plan."""
    if plan.get("Relation Name") == "place" and plan["Node Type"].endswith("Scan"):
        rows = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        yield int(rows * plan["Actual Loops"])
    for part in plan.get("Plans", []):
        yield from _rows_read(part)


@pytest.mark.parametrize("crowd", CROWDS)
@pytest.mark.parametrize(
    "name",
    [
        "open_room",
        "admit",
        "mark_away_in_front",
        "mark_away",
        "give_up_lost_places",
        "count_waiting",
        "forget_places",
        "forget_left_places",
        "forget_addresses",
    ],
)
async def test_no_statement_of_a_look_reads_more_than_a_few_pages_of_places(
    db: Database, box_office: BoxOffice, name: str, crowd: str
) -> None:
    sale = await room(db, box_office)
    await fill(db, sale, **CROWDS[crowd])  # type: ignore[arg-type] # numbers and words by their names
    if crowd == "new":
        await db.execute("DELETE FROM pg_statistic WHERE starelid = 'place'::regclass")
    else:
        await db.execute("ANALYZE place")
    values = {**VALUES, "event": sale.event_id, "events": [sale.event_id]}
    explained = await db.fetch_value(f"EXPLAIN (ANALYZE, FORMAT JSON) {getattr(queries, name)}", values)
    assert sum(_rows_read(explained[0]["Plan"])) <= 4 * PAGE


@pytest.mark.parametrize(
    ("name", "history"),
    [
        ("forget_places", "UPDATE event SET starts_at = now() - interval '2 days'"),
        (
            "forget_left_places",
            """UPDATE room SET state = 'closed';
            UPDATE place SET away_since = now() - interval '1 minute' WHERE number % 2 = 0;
            UPDATE place SET left_at = now() - interval '2 hours' WHERE number % 3 = 0""",
        ),
        (
            "forget_addresses",
            "UPDATE place SET admitted_at = now() - interval '1 hour', expires_at = now() - number * interval '1 ms'",
        ),
    ],
    ids=["of an event that is over", "left, others away, in a closed room", "addresses of admissions that have ended"],
)
async def test_what_is_to_be_forgotten_is_read_by_the_page(
    db: Database, box_office: BoxOffice, name: str, history: str
) -> None:
    sale = await room(db, box_office)
    await fill(db, sale, 4 * MANY, unseen=60)
    await db.execute(history)
    await db.execute("ANALYZE place")
    explained = await db.fetch_value(f"EXPLAIN (ANALYZE, FORMAT JSON) {getattr(queries, name)}", VALUES)
    assert sum(_rows_read(explained[0]["Plan"])) <= 4 * PAGE
    assert await box_office.value("SELECT count(address) FROM place") == 4 * MANY - PAGE


async def test_one_room_that_cannot_be_governed_does_not_stop_the_others(
    db: Database, box_office: BoxOffice, places: Places
) -> None:
    first, second = await room(db, box_office), await room(db, box_office)
    await queue(places, second, 3)
    async with db.transaction() as tx:
        await tx.execute("SELECT FROM room WHERE event_id = %(event)s FOR UPDATE", {"event": first.event_id})
        await db.execute("UPDATE room SET governed_at = now() - interval '1 second' WHERE event_id <> %(event)s",
            {"event": first.event_id})  # fmt: skip
        await db.execute("DELETE FROM governor")
        await governor(db).govern()
    assert await admitted(db) == [1, 2, 3]


async def test_whoever_is_there_is_admitted_however_many_before_them_are_away(
    db: Database, box_office: BoxOffice, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governing, "_FRONT", 1000)
    monkeypatch.setattr(governing, "_SWEEP", 0.0)
    sale = await room(db, box_office)
    await fill(db, sale, 3500, unseen=60)
    await queue(places, sale, 2)
    who = governor(db)
    looks = 0
    while not await admitted(db):
        await governor_once(db, who)
        looks += 1
        assert looks <= 2
    assert await admitted(db) == [3501, 3502]


async def test_those_who_wait_are_counted_by_what_changes(db: Database, box_office: BoxOffice, places: Places) -> None:
    sale = await room(db, box_office, inlet=1)
    people = await queue(places, sale, 20)
    for person in people[5:8]:
        await places.leave(person)
    await places.leave(people[5])
    await db.execute("UPDATE place SET seen_at = now() - interval '1 minute' WHERE number > 12 AND left_at IS NULL")
    await governor_once(db)
    assert await box_office.value("SELECT waiting FROM room") == await live(box_office) == 8
    for person in people[12:15]:
        places.seen(person)
    await places.write_seen()
    await places.leave(people[16])
    await governor_once(db)
    assert await box_office.value("SELECT waiting FROM room") == await live(box_office)
    assert await box_office.value("SELECT count(*) FROM room_change") == 0


async def test_all_lost_places_are_given_up_though_each_statement_takes_few(
    db: Database, box_office: BoxOffice
) -> None:
    sale = await room(db, box_office)
    await fill(db, sale, 2500, unseen=1000)
    await governor_once(db)
    assert await box_office.value("SELECT count(*) FROM place WHERE left_at IS NULL") == 0


async def test_a_draw_goes_on_from_look_to_look_and_nobody_is_admitted_before_it_is_over(
    db: Database, box_office: BoxOffice, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governing, "_LONG", 0.0)
    sale = await room(db, box_office, opens="10 minutes")
    await fill(db, sale, 1500, numbered=False)
    await db.execute("UPDATE ticket_type SET on_sale_at = now()")
    await governor_once(db)
    (late,) = await queue(places, sale, 1)
    assert await box_office.rows("SELECT state, numbered, drawn FROM room") == [("open", False, 1000)]
    await governor_once(db)
    assert await admitted(db) == []
    numbers = await box_office.rows("SELECT number FROM place WHERE id <> %(late)s ORDER BY lot", late=late.id)
    assert [number for (number,) in numbers] == list(range(1, 1501))
    fate = await places.fate(late)
    assert fate is not None
    assert fate.number == 1501


async def test_who_gathers_again_while_a_draw_was_broken_off_is_drawn_with_those_it_had_not_come_to(
    db: Database, box_office: BoxOffice, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governing, "_LONG", 0.0)
    sale = await room(db, box_office, opens="10 minutes")
    await fill(db, sale, 1500, numbered=False)
    await db.execute("UPDATE ticket_type SET on_sale_at = now()")
    await governor_once(db)
    await queue(places, sale, 1)
    await db.execute("UPDATE event SET status = 'withdrawn'")
    await governor_once(db)
    await db.execute("UPDATE event SET status = 'published'")
    await db.execute("UPDATE ticket_type SET on_sale_at = now() + interval '10 minutes'")
    await governor_once(db)
    assert await box_office.rows("SELECT state, drawn FROM room") == [("gathering", 1000)]
    await queue(places, sale, 5)
    await db.execute("UPDATE ticket_type SET on_sale_at = now()")
    for _ in range(2):
        await governor_once(db)
    await queue(places, sale, 2)
    numbers = [number for (number,) in await box_office.rows("SELECT number FROM place ORDER BY number")]
    assert numbers == [*range(1, 1001), *range(1501, 1501 + 1 + 505 + 2)]


async def test_taking_and_leaving_over_and_over_is_limited_for_an_address(db: Database, box_office: BoxOffice) -> None:
    limited = Places(db, per_address=2)
    sale = await room(db, box_office)
    results = []
    for _ in range(12):
        place = Place(sale.event_id, uuid7())
        results.append((await limited.take(place, "192.0.2.1")).result)
        await limited.leave(place)
    assert results == ["waiting"] * 8 + ["limit"] * 4
    assert (await limited.take(Place(sale.event_id, uuid7()), "192.0.2.2")).result == "waiting"
    await limited.close()


@pytest.mark.parametrize("opens", [None, "10 minutes"])
async def test_a_room_has_so_many_places_and_no_more_until_some_have_had_their_turn(
    db: Database, box_office: BoxOffice, opens: str | None
) -> None:
    full = Places(db, per_address=None, per_room=5)
    sale = await room(db, box_office, inlet=2, **({"opens": opens} if opens else {}))
    new = [Place(sale.event_id, uuid7()) for _ in range(7)]
    results = [(await full.take(place, "192.0.2.1")).result for place in new]
    assert results == ["gathering" if opens else "waiting"] * 5 + ["full"] * 2
    assert (await full.take(new[0], "192.0.2.1")).result == results[0]
    await full.leave(new[4])
    assert (await full.take(new[5], "192.0.2.1")).result == "full"  # its row is still there
    await db.execute("UPDATE ticket_type SET on_sale_at = now()")
    for _ in range(2):
        await governor_once(db)
    again = [(await full.take(place, "192.0.2.1")).result for place in new[5:]]
    await full.close()
    assert again[0] == "waiting"


async def test_whoever_leaves_at_once_does_so_in_one_statement(
    db: Database, box_office: BoxOffice, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = await room(db, box_office)
    people = await queue(places, sale, 50)
    sizes: list[int] = []
    carry_out = db.execute

    async def count(sql: str, values: Any = None, **more: Any) -> int:
        sizes.append(len(values["ids"]))
        return await carry_out(sql, values, **more)

    monkeypatch.setattr(db, "execute", count)
    await asyncio.gather(*(places.leave(person) for person in [*people, *people]))
    monkeypatch.undo()
    assert len(sizes) <= 6
    assert await box_office.value("SELECT count(*) FROM place WHERE left_at IS NOT NULL") == 50
    assert await box_office.value("SELECT sum(waiting) FROM room_change") == -50


@pytest.mark.parametrize(("waiting", "number", "position"), [(10, 9000, 10), (10, 9001, 11), (8000, 9000, 4000)])
def test_nobody_stands_behind_more_than_wait(waiting: int, number: int, position: int) -> None:
    """Of those who are gone, the first 5,000 are known by number."""
    now = Room(1, "open", True, None, 9001, 0, 10.0, 10.0, False, waiting, list(range(1, 5001)))
    assert now.position(number) == position


async def test_of_a_place_that_was_left_no_address_is_kept(db: Database, box_office: BoxOffice) -> None:
    """Else whoever takes and leaves many would make each later look at the places of an address slower."""
    limited = Places(db, per_address=2)
    sale = await room(db, box_office)
    for _ in range(5):
        place = Place(sale.event_id, uuid7())
        assert (await limited.take(place, "192.0.2.1")).result == "waiting"
        await limited.leave(place)
    await limited.close()
    assert await box_office.value("SELECT count(*) FROM place WHERE address IS NOT NULL") == 0


async def test_places_that_were_left_are_deleted_after_an_hour_once_their_turn_has_been(
    db: Database, box_office: BoxOffice, places: Places
) -> None:
    sale = await room(db, box_office, inlet=1)
    people = await queue(places, sale, 6)
    await asyncio.gather(*(places.leave(people[at]) for at in (0, 1, 4)))
    await db.execute("UPDATE place SET left_at = now() - interval '2 hours' WHERE number IN (1, 5)")
    await governor_once(db)
    await forget_places(db)
    assert await box_office.rows("SELECT number FROM place ORDER BY number") == [(2,), (3,), (4,), (5,), (6,)]
    await db.execute("UPDATE event SET status = 'withdrawn'")
    await governor_once(db)
    await forget_places(db)
    assert await box_office.rows("SELECT number FROM place ORDER BY number") == [(2,), (3,), (4,), (6,)]
