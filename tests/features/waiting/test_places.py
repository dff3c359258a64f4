"""Places in the database: who stands where, and that nobody is admitted twice or out of turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from hashlib import sha256
from random import Random

import pytest

from backend.db.pool import Database
from backend.domain.admissions import Place
from backend.domain.ids import uuid7
from backend.features.waiting.governor import Governor, Terms, forget_places
from backend.features.waiting.places import Places
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from tests.box_office import BoxOffice, Sale
from tests.features.waiting.people import OBJECTIVES, put_room

TERMS = Terms(gather=timedelta(minutes=30), lasts=timedelta(minutes=5))


def governor(db: Database) -> Governor:
    return Governor(db, Metrics(load_promise()).waiting, OBJECTIVES, TERMS)


@pytest.fixture
async def places(db: Database) -> AsyncIterator[Places]:
    made = Places(db, per_address=None)
    yield made
    await made.close()


async def room(db: Database, box_office: BoxOffice, inlet: float = 10, **more: object) -> Sale:
    """An open room that admits so many at each look, unless the sale is to come."""
    sale = await box_office.publish(**more)  # type: ignore[arg-type]
    await put_room(box_office, sale, "on")
    await governor_once(db)
    await db.execute("UPDATE room SET inlet = %(inlet)s", {"inlet": inlet})
    return sale


async def governor_once(db: Database, who: Governor | None = None) -> None:
    """As if a second had gone by, and whoever governed before were dead."""
    await db.execute("DELETE FROM governor; UPDATE room SET governed_at = now() - interval '1 second'")
    await (who or governor(db)).govern()


async def queue(places: Places, sale: Sale, people: int) -> list[Place]:
    """So many places, taken one after another by the order of the list."""
    new = [Place(sale.event_id, uuid7()) for _ in range(people)]
    await asyncio.gather(*(places.take(place, "192.0.2.1") for place in new))
    return new


async def admitted(db: Database) -> list[int]:
    rows = await db.fetch_all("SELECT number FROM place WHERE admitted_at IS NOT NULL ORDER BY admitted_at, number")
    return [number for (number,) in rows]


async def test_places_are_numbered_in_the_order_of_arrival(db: Database, box_office: BoxOffice, places: Places) -> None:
    sale, other = await room(db, box_office), await room(db, box_office)
    both = [Place(each.event_id, uuid7()) for _ in range(300) for each in (sale, other)]
    taken = await asyncio.gather(*(places.take(place, "192.0.2.1") for place in both))
    assert [each.number for each in taken[::2]] == list(range(1, 301))
    assert [each.number for each in taken[1::2]] == list(range(1, 301))


async def test_a_place_that_is_asked_for_twice_is_the_same(db: Database, box_office: BoxOffice, places: Places) -> None:
    sale = await room(db, box_office)
    (first,) = await queue(places, sale, 1)
    again = await places.take(first, "192.0.2.1")
    assert again.number == 1
    assert await box_office.value("SELECT count(*) FROM place") == 1


async def test_the_draw_follows_from_the_seed_and_latecomers_stand_behind_it(
    db: Database, box_office: BoxOffice, places: Places
) -> None:
    sale = await room(db, box_office, opens="10 minutes")
    early = await queue(places, sale, 500)
    await db.execute("UPDATE ticket_type SET on_sale_at = now()")
    await governor_once(db)
    (late,) = await queue(places, sale, 1)

    seed = str(await box_office.value("SELECT seed::text FROM room"))
    lots = sorted(early, key=lambda place: (sha256(f"{seed}{place.id}".encode()).digest(), place.id))
    numbers = dict(await box_office.rows("SELECT id, number FROM place"))
    assert [numbers[place.id] for place in lots] == list(range(1, 501))
    assert numbers[late.id] == 501
    assert [numbers[place.id] for place in early] != sorted(numbers[place.id] for place in early)


async def test_admissions_go_by_number_and_each_comes_once(db: Database, box_office: BoxOffice, places: Places) -> None:
    sale = await room(db, box_office)
    await queue(places, sale, 25)
    for _ in range(4):
        await governor_once(db)
    assert await admitted(db) == list(range(1, 26))


async def test_whoever_is_away_is_passed_over_and_is_next_when_they_are_back(
    db: Database, box_office: BoxOffice, places: Places
) -> None:
    sale = await room(db, box_office, inlet=2)
    people = await queue(places, sale, 6)
    await db.execute("UPDATE place SET seen_at = now() - interval '50 seconds' WHERE number IN (1, 5)")
    await governor_once(db)
    assert await admitted(db) == [2, 3]
    assert await box_office.value("SELECT gone FROM room") == [5]
    places.seen(people[0])
    await places.write_seen()
    await db.execute("UPDATE room SET inlet = 1, credit = 0")
    await governor_once(db)
    assert await admitted(db) == [2, 3, 1]


async def test_a_place_nobody_asks_after_for_ten_minutes_is_lost(
    db: Database, box_office: BoxOffice, places: Places
) -> None:
    sale = await room(db, box_office, opens="10 minutes")
    people = await queue(places, sale, 2)
    await db.execute("UPDATE place SET seen_at = now() - interval '11 minutes' WHERE id = %(id)s", {"id": people[0].id})
    await governor_once(db)
    fates = [await places.fate(person) for person in people]
    assert [fate is not None and fate.left for fate in fates] == [True, False]


async def test_after_an_outage_everybody_has_time_to_ask_again(
    db: Database, box_office: BoxOffice, places: Places
) -> None:
    sale = await room(db, box_office)
    await queue(places, sale, 3)
    await db.execute("UPDATE place SET seen_at = now() - interval '20 minutes'")
    who = governor(db)
    await db.execute("DELETE FROM governor; UPDATE room SET governed_at = now() - interval '20 minutes'")
    await who.govern()
    assert await box_office.value("SELECT count(*) FROM place WHERE left_at IS NOT NULL") == 0
    await db.execute("UPDATE place SET seen_at = now() WHERE number = 2")
    await governor_once(db, who)
    assert await admitted(db) == []


async def test_the_limit_of_an_address_counts_live_places_of_one_event(db: Database, box_office: BoxOffice) -> None:
    limited = Places(db, per_address=3)
    sale, other = await room(db, box_office), await room(db, box_office)
    asked = [(sale, "192.0.2.1")] * 5 + [(sale, "192.0.2.2"), (other, "192.0.2.1")]
    new = [Place(each.event_id, uuid7()) for each, _ in asked]
    taken = await asyncio.gather(*(limited.take(place, ip) for place, (_, ip) in zip(new, asked, strict=True)))
    assert [each.result for each in taken] == ["waiting"] * 3 + ["limit"] * 2 + ["waiting"] * 2
    await limited.leave(new[0])
    assert (await limited.take(Place(sale.event_id, uuid7()), "192.0.2.1")).result == "waiting"
    await limited.close()


async def test_of_two_governors_one_governs_and_the_other_goes_on_when_it_is_dead(
    db: Database, box_office: BoxOffice, places: Places
) -> None:
    sale = await room(db, box_office)
    await queue(places, sale, 40)
    first, second = governor(db), governor(db)
    await governor_once(db, first)
    governed = await box_office.value("SELECT governed_at FROM room")
    await second.govern()
    assert await box_office.value("SELECT governed_at FROM room") == governed
    await db.execute("UPDATE governor SET until = now() - interval '1 millisecond'")
    await second.govern()
    await first.govern()
    assert await box_office.value("SELECT governed_at FROM room") > governed
    numbers = await admitted(db)
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_two_governors_who_both_believe_in_themselves_admit_nobody_twice(
    db: Database, box_office: BoxOffice, places: Places, seed: int
) -> None:
    """The lease is taken from whoever holds it at random moments, while places are taken, seen and left."""
    random = Random(seed)
    sale = await room(db, box_office, capacity=10_000)
    people: list[Place] = []
    gone: set[Place] = set()

    async def come() -> None:
        for _ in range(10):
            people.extend(await queue(places, sale, 20))
            for person in random.sample(people, 5):
                gone.add(person)
                await places.leave(person)
            for person in people:
                places.seen(person)
            await places.write_seen()

    async def govern(who: Governor) -> None:
        for _ in range(15):
            await db.execute("UPDATE governor SET until = now() - interval '1 second'")
            await db.execute("UPDATE room SET governed_at = governed_at - interval '500 milliseconds'")
            await who.govern()
            await asyncio.sleep(random.random() / 50)

    await asyncio.gather(come(), govern(governor(db)), govern(governor(db)))
    rows = await box_office.rows("SELECT number, admitted_at FROM place WHERE admitted_at IS NOT NULL ORDER BY number")
    assert len(rows) >= 50
    _demand_order([moment for _, moment in rows])
    counted = await box_office.value(
        "SELECT count(*) FROM place WHERE admitted_at IS NOT NULL AND left_at < admitted_at"
    )
    assert counted == 0


def _demand_order(moments: Sequence[object]) -> None:
    assert moments == sorted(moments)  # type: ignore[type-var]


async def test_places_of_events_that_are_over_are_forgotten(
    db: Database, box_office: BoxOffice, places: Places
) -> None:
    sale, other = await room(db, box_office), await room(db, box_office)
    await queue(places, sale, 3)
    await queue(places, other, 2)
    await db.execute("UPDATE event SET starts_at = now() - interval '2 days' WHERE id = %(id)s", {"id": sale.event_id})
    await forget_places(db)
    assert await box_office.rows("SELECT DISTINCT event_id FROM place") == [(other.event_id,)]
