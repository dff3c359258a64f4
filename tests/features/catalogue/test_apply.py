import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backend.db.listen import listen
from backend.db.pool import Database
from backend.features.catalogue.apply import Change, StoppedError, apply_events
from backend.features.catalogue.plans import EventFileError
from tests.box_office import BoxOffice, eventually
from tests.features.catalogue.samples import HALL, NOW, event, season, write

Apply = Callable[..., Coroutine[Any, Any, list[Change]]]
SEATED = event(hall="small-hall", tickets="- {section: Stalls, price: 30.00}")
TWO_TYPES = """
    - {name: Floor, price: 20.00, capacity: 100}
    - {name: Balcony, price: 35.00, capacity: 50}
"""


@pytest.fixture
def apply(db: Database, tmp_path: Path) -> Apply:
    """Applies a file of these events."""

    async def run(*events: str, before: str = "", now: Any = NOW) -> list[Change]:
        return await apply_events(db, write(tmp_path, season(*events, before=before)), now=now)

    return run


async def taken(box_office: BoxOffice, pool: str, quantity: int, seats: str = "{}") -> None:
    """Somebody holds tickets of the pool, through the shop's own function."""
    type_id = await box_office.value(
        "SELECT t.id FROM ticket_type t JOIN pool p ON p.id = t.pool_id AND p.name = %(n)s", n=pool
    )
    values = {"hold": uuid4(), "basket": uuid4(), "quantity": quantity, "seats": seats, "type": type_id}
    result = await box_office.value(
        "SELECT result FROM hold_tickets_v1(ARRAY[1], ARRAY[%(hold)s], ARRAY[%(basket)s], ARRAY[NULL::uuid],"
        " ARRAY[false], ARRAY[NULL::text], ARRAY[NULL::text], ARRAY[1], ARRAY[%(quantity)s], ARRAY[%(seats)s],"
        " ARRAY[%(type)s]::bigint[], interval '10 minutes', NULL, NULL)",
        **values,
    )
    assert result == "held"


async def pools(box_office: BoxOffice) -> dict[str, tuple[int, int]]:
    rows = await box_office.rows("SELECT name, capacity, available FROM pool")
    return {name: (capacity, available) for name, capacity, available in rows}


async def told(box_office: BoxOffice) -> list[str]:
    return [kind for (kind,) in await box_office.rows("SELECT type FROM outbox WHERE type LIKE 'event.%%' ORDER BY id")]


async def test_an_event_is_published_with_its_tickets(apply: Apply, box_office: BoxOffice) -> None:
    (change,) = await apply(event(tickets=TWO_TYPES))
    assert (change.slug, change.action) == ("night", "published")
    assert await pools(box_office) == {"Floor": (100, 100), "Balcony": (50, 50)}
    assert await told(box_office) == ["event.published"]
    assert await box_office.value("SELECT on_sale_at FROM ticket_type WHERE name = 'Floor'") == NOW


async def test_applying_a_file_again_changes_nothing_and_says_so(apply: Apply, box_office: BoxOffice) -> None:
    await apply(event(), SEATED.replace("night", "seats"), before=HALL)
    before = await box_office.rows("SELECT xmin::text, id FROM event UNION SELECT xmin::text, id FROM ticket_type")
    changes = await apply(event(), SEATED.replace("night", "seats"), before=HALL)
    assert [change.action for change in changes] == ["unchanged", "unchanged"]
    assert (
        await box_office.rows("SELECT xmin::text, id FROM event UNION SELECT xmin::text, id FROM ticket_type") == before
    )
    assert await told(box_office) == ["event.published", "event.published"]


async def test_an_event_can_have_a_number_of_its_own_and_the_next_one_follows_it(apply: Apply) -> None:
    changes = await apply(event("first", id="41"), event("second"))
    assert [change.event_id for change in changes] == [41, 42]


async def test_a_number_that_another_event_has_is_refused(apply: Apply) -> None:
    await apply(event("first", id="1"))
    with pytest.raises(EventFileError, match=r":3: id 1 is first's"):
        await apply(event("second", id="1"))
    with pytest.raises(EventFileError, match=r"first has the id 1, which cannot change"):
        await apply(event("first", id="2"))


async def test_every_change_is_made_and_put_into_words(apply: Apply, box_office: BoxOffice) -> None:
    await apply(event(tickets=TWO_TYPES))
    (change,) = await apply(
        event(
            name="A Longer Night",
            cancellation_fee_percent="5",
            tickets="""
                - {name: Floor, price: 25.00, capacity: 120, max_per_order: 4}
                - {name: Gallery, price: 10.00, capacity: 30}
            """,
        )
    )
    assert change.action == "changed"
    assert change.details == (
        "name A Night -> A Longer Night",
        "cancellation fee 0 % -> 5 %",
        "capacity of Floor 100 -> 120",
        "price of Floor 20.00 EUR -> 25.00 EUR",
        "Floor: max per order 10 -> 4",
        "new ticket type Gallery",
        "ticket type Balcony withdrawn",
    )
    assert await pools(box_office) == {"Floor": (120, 120), "Balcony": (50, 50), "Gallery": (30, 30)}
    assert await told(box_office) == ["event.published", "event.changed"]


async def test_a_waiting_room_is_off_unless_the_file_says_otherwise(apply: Apply, box_office: BoxOffice) -> None:
    mode = "SELECT waiting_room FROM event"
    await apply(event())
    assert await box_office.value(mode) == "off"
    (change,) = await apply(event(waiting_room="automatic"))
    assert (change.details, await box_office.value(mode)) == (("waiting room off -> automatic",), "automatic")
    with pytest.raises(EventFileError, match="waiting_room: Input should be 'off', 'on' or 'automatic'"):
        await apply(event(waiting_room="true"))


async def test_a_new_price_does_not_touch_what_is_already_held(apply: Apply, box_office: BoxOffice) -> None:
    await apply(event())
    await taken(box_office, "Floor", 2)
    await apply(event(tickets="- {name: Floor, price: 99.00, capacity: 100}"))
    assert await box_office.value("SELECT unit_price_minor FROM hold") == 2000
    assert await box_office.value("SELECT price_minor FROM ticket_type") == 9900


async def test_capacity_shrinks_to_what_is_taken_and_no_further(apply: Apply, box_office: BoxOffice) -> None:
    await apply(event())
    await taken(box_office, "Floor", 7)
    await apply(event(tickets="- {name: Floor, price: 20.00, capacity: 7}"))
    assert await pools(box_office) == {"Floor": (7, 0)}
    with pytest.raises(EventFileError, match=r"season\.yaml:3: night: Floor cannot shrink to 6: 7 are sold or held"):
        await apply(event(tickets="- {name: Floor, price: 20.00, capacity: 6}"))
    assert await pools(box_office) == {"Floor": (7, 0)}
    assert await box_office.broken() == []


async def test_one_impossible_change_keeps_the_whole_file_from_being_applied(
    apply: Apply, box_office: BoxOffice
) -> None:
    await apply(event())
    with pytest.raises(EventFileError, match="another currency needs another event"):
        await apply(event("new"), event(currency="GBP"))
    assert await box_office.rows("SELECT slug FROM event") == [("night",)]


async def test_a_withdrawn_ticket_type_can_come_back(apply: Apply, box_office: BoxOffice) -> None:
    await apply(event(tickets=TWO_TYPES))
    await apply(event())
    (change,) = await apply(event(tickets=TWO_TYPES))
    assert change.details == ("ticket type Balcony for sale again",)
    assert await box_office.rows("SELECT name FROM ticket_type WHERE withdrawn") == []


async def test_rows_and_seats_can_be_added_and_removed_while_they_are_free(apply: Apply, box_office: BoxOffice) -> None:
    await apply(SEATED, before=HALL)
    await apply(SEATED, before=HALL.replace("A-C", "A-D").replace("seats: 4", "seats: 3"))
    assert await pools(box_office) == {"Stalls": (12, 12)}
    rows = await box_office.rows("SELECT row_label, count(*), max(number) FROM seat GROUP BY row_label ORDER BY 1")
    assert rows == [("A", 3, 3), ("B", 3, 3), ("C", 3, 3), ("D", 3, 3)]
    assert await box_office.broken() == []


async def test_a_seat_that_somebody_has_cannot_be_removed(apply: Apply, box_office: BoxOffice) -> None:
    await apply(SEATED, before=HALL)
    seat = await box_office.value("SELECT id FROM seat WHERE row_label = 'C' AND number = 4")
    await taken(box_office, "Stalls", 1, f"{{{seat}}}")
    with pytest.raises(EventFileError, match="Stalls row C seat 4 cannot go: it is sold or held"):
        await apply(SEATED, before=HALL.replace("seats: 4", "seats: 3"))
    assert await pools(box_office) == {"Stalls": (12, 11)}
    assert await box_office.broken() == []


async def test_a_seat_that_a_late_payment_may_ask_for_cannot_be_removed(apply: Apply, box_office: BoxOffice) -> None:
    await apply(SEATED, before=HALL)
    seat = await box_office.value("SELECT id FROM seat WHERE row_label = 'C' AND number = 4")
    await taken(box_office, "Stalls", 1, f"{{{seat}}}")
    basket = await box_office.value("SELECT basket_id FROM hold")
    order = uuid4()
    await box_office.value(
        "SELECT result FROM checkout_v1(ARRAY[%(basket)s], ARRAY[%(order)s], ARRAY[%(payment)s], ARRAY[NULL::text],"
        " ARRAY[NULL::text], ARRAY[NULL::text], ARRAY[NULL::text], ARRAY['card'], 'test', interval '1 minute')",
        basket=basket, order=order, payment=uuid4(),
    )  # fmt: skip
    await box_office.value("SELECT release_holds_v1(ARRAY(SELECT id FROM hold), 'expired')")
    await box_office.rows("UPDATE orders SET status = 'lapsed' RETURNING id")
    with pytest.raises(EventFileError, match="Stalls row C seat 4 cannot go"):
        await apply(SEATED, before=HALL.replace("seats: 4", "seats: 3"))


async def test_tickets_cannot_move_to_another_pool_or_become_seats(apply: Apply) -> None:
    await apply(event())
    with pytest.raises(EventFileError, match="Floor cannot change the seats or the pool that it sells"):
        await apply(event(pools="{Room: 100}", tickets="- {name: Floor, price: 20.00, pool: Room}"))


async def test_withdrawing_and_publishing_again(apply: Apply, box_office: BoxOffice) -> None:
    await apply(event())
    (withdrawn,) = await apply(event(status="withdrawn"))
    (published,) = await apply(event())
    assert (withdrawn.action, published.action) == ("withdrawn", "published")
    assert await told(box_office) == ["event.published", "event.withdrawn", "event.published"]


async def test_a_cancelled_event_stays_cancelled(apply: Apply, box_office: BoxOffice) -> None:
    await apply(event())
    (change,) = await apply(event(status="cancelled"))
    assert change.action == "cancelled"
    assert await told(box_office) == ["event.published", "event.cancelled"]
    with pytest.raises(EventFileError, match="it was cancelled and refunded, and stays so"):
        await apply(event())


@pytest.mark.parametrize("status", ["cancelled", "withdrawn", None])
async def test_what_is_held_of_an_event_that_ends_goes_back(
    apply: Apply, box_office: BoxOffice, status: str | None
) -> None:
    await apply(event(), event("kept", pools="{Room: 100}", tickets="- {name: Floor, price: 20.00, pool: Room}"))
    before = await pools(box_office)
    await taken(box_office, "Room", 1)
    await taken(box_office, "Floor", 2)
    kept = event("kept", pools="{Room: 100}", tickets="- {name: Floor, price: 20.00, pool: Room}")
    await (apply(event(status=status), kept) if status else apply(kept, before="prune: true"))
    after = await pools(box_office)
    assert (after["Floor"], after["Room"]) == (before["Floor"], (100, 99))
    assert await box_office.broken() == []


async def test_pruning_withdraws_what_the_file_does_not_name(apply: Apply, box_office: BoxOffice) -> None:
    await apply(event("kept"), event("dropped"))
    assert [change.action for change in await apply(event("kept"))] == ["unchanged"]
    changes = await apply(event("kept"), before="prune: true")
    assert [(change.slug, change.action) for change in changes] == [("kept", "unchanged"), ("dropped", "withdrawn")]
    (_, back) = await apply(event("kept"), event("dropped"))
    assert back.action == "published"
    assert await told(box_office) == ["event.published"] * 2 + ["event.withdrawn", "event.published"]


async def test_an_old_file_can_be_applied_when_its_events_are_over(apply: Apply) -> None:
    await apply(event())
    (change,) = await apply(event(name="Another Name"), now=NOW + timedelta(days=40_000))
    assert change.details == ("name A Night -> Another Name",)


async def test_a_new_event_must_lie_ahead(apply: Apply) -> None:
    with pytest.raises(EventFileError, match="the sale of Floor would begin after its end"):
        await apply(event(), now=NOW + timedelta(days=40_000))


async def test_relative_times_move_on_only_once_the_event_is_over(apply: Apply, box_office: BoxOffice) -> None:
    await apply(event(starts_at="+10d"))
    assert [change.action for change in await apply(event(starts_at="+10d"), now=NOW + timedelta(days=9))] == [
        "unchanged"
    ]
    later = NOW + timedelta(days=10)
    (change,) = await apply(event(starts_at="+10d"), now=later)
    assert change.action == "changed"
    assert await box_office.value("SELECT starts_at FROM event") == later + timedelta(days=10)


async def test_every_process_is_told_which_events_changed(apply: Apply, dsn: str) -> None:
    async with asyncio.timeout(5), aclosing(listen(dsn, ["catalogue"])) as news:
        assert (await anext(news)).resync
        await apply(event(id="5"), event("other", id="6"))
        assert (await anext(news)).notices == (("catalogue", "[5,6]"),)


async def test_all_that_cannot_be_done_is_named_before_anything_is(apply: Apply, box_office: BoxOffice) -> None:
    hall = "- {name: Hall, price: 20.00, capacity: 100}"
    await apply(event(), event("other", tickets=hall))
    await taken(box_office, "Hall", 7)
    small = hall.replace("100", "1")
    with pytest.raises(EventFileError) as refused:
        await apply(event("new"), event(currency="GBP"), event("other", tickets=small), event("third", name="Third"))
    first, second = refused.value.problems
    assert "night: it is sold in EUR" in first
    assert "other: Hall cannot shrink to 1: 7 are sold or held" in second
    assert await box_office.rows("SELECT slug FROM event ORDER BY id") == [("night",), ("other",)]


async def test_one_event_after_another_is_locked_and_only_while_it_changes(
    apply: Apply, db: Database, box_office: BoxOffice
) -> None:
    await apply(event(), event("other"))
    async with db.transaction() as somebody:
        await somebody.execute("SELECT 1 FROM pool WHERE event_id = 2 FOR UPDATE")
        applying = asyncio.create_task(apply(event(name="First"), event("other", name="Second")))
        await eventually(lambda: box_office.value("SELECT name = 'First' FROM event WHERE id = 1"))
        assert not applying.done()
        await box_office.rows("SELECT 1 FROM pool WHERE event_id = 1 FOR UPDATE NOWAIT")
    assert [change.action for change in await applying] == ["changed"] * 2


async def test_an_error_in_the_middle_says_what_is_done_and_the_same_file_goes_on(
    apply: Apply, db: Database, box_office: BoxOffice
) -> None:
    await apply(event(), event("other"), event("third"))
    changed = [event(name="First"), event("other", name="Second"), event("third")]
    async with db.transaction() as somebody:
        await somebody.execute("SELECT 1 FROM pool WHERE event_id = 2 FOR UPDATE")
        with pytest.raises(StoppedError, match=r"(?s)lock timeout.*other.*1 event .* night.*again"):
            await apply(*changed)
    assert [change.action for change in await apply(*changed)] == ["unchanged", "changed", "unchanged"]
    assert await told(box_office) == ["event.published"] * 3 + ["event.changed"] * 2


async def test_what_was_done_before_an_error_is_announced(apply: Apply, db: Database, dsn: str) -> None:
    await apply(event(), event("other"))
    async with asyncio.timeout(5), aclosing(listen(dsn, ["catalogue"])) as news:
        assert (await anext(news)).resync
        async with db.transaction() as somebody:
            await somebody.execute("SELECT 1 FROM pool WHERE event_id = 2 FOR UPDATE")
            with pytest.raises(StoppedError):
                await apply(event(name="First"), event("other", name="Second"))
        assert (await anext(news)).notices == (("catalogue", "[1]"),)


async def test_files_applied_at_once_do_not_interleave(apply: Apply, db: Database, box_office: BoxOffice) -> None:
    await db.warm()
    results = await asyncio.gather(*(apply(event()) for _ in range(3)))
    assert sorted(change.action for (change,) in results) == ["published", "unchanged", "unchanged"]
    assert await box_office.rows("SELECT slug FROM event") == [("night",)]
