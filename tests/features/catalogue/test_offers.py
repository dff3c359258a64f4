import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.baskets import SeatLabel
from backend.domain.offers import SeatOffer
from tests.box_office import eventually
from tests.features.catalogue.conftest import Visitor
from tests.features.catalogue.samples import HALL, event


def statements_of(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those that the visitor's shop reads by from now on."""
    read, sent = visitor.db.fetch_all, list[str]()

    async def fetch_all(sql: str, *arguments: Any, **how: Any) -> list[Any]:
        sent.append(sql)
        return await read(sql, *arguments, **how)

    monkeypatch.setattr(visitor.db, "fetch_all", fetch_all)
    return sent


async def test_an_offer_has_the_terms_of_every_ticket_type(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(
        event(
            cancellation_fee_percent="2.5",
            tickets="""
                - {name: Patron, price: 90, capacity: 5, max_per_order: 2, max_per_customer: 4}
                - {name: Floor, price: 20, capacity: 100, on_sale_at: +1h}
            """,
        )
    )
    offer = await visitor.catalogue.offers.offer(event_id)
    assert offer is not None
    assert (offer.name, offer.currency, offer.fee_percent) == ("A Night", "EUR", 2.5)
    assert [(each.name, each.price_minor) for each in offer.types] == [("Patron", 9000), ("Floor", 2000)]
    patron, floor = offer.types
    assert (patron.max_per_order, patron.max_per_customer, floor.max_per_customer) == (2, 4, None)
    assert offer.cheapest(visitor.clock.now) == patron
    assert offer.cheapest(visitor.clock.now + timedelta(hours=1)) == floor


async def test_a_sale_ends_when_the_event_starts(visitor: Visitor) -> None:
    tickets = "- {name: A, price: 1, capacity: 1, off_sale_at: +9d}"
    (event_id,) = await visitor.publish(event(starts_at="+2d", tickets=tickets))
    offer = await visitor.catalogue.offers.offer(event_id)
    assert offer is not None
    assert offer.types[0].off_sale_at == offer.starts_at


async def test_an_offer_is_answered_from_memory_until_the_event_changes(live: Visitor) -> None:
    (event_id,) = await live.publish(event())
    await live.news(2)
    offers = live.catalogue.offers
    offer = await offers.offer(event_id)
    assert offers.cached(event_id) is offer
    await live.publish(event(tickets="- {name: Floor, price: 25.00, capacity: 100}"))
    await live.news(3)
    assert offers.cached(event_id) is None
    changed = await offers.offer(event_id)
    assert changed is not None
    assert changed.types[0].price_minor == 2500


async def test_an_offer_is_never_older_than_half_a_minute(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event())
    offers = visitor.catalogue.offers
    first = await offers.offer(event_id)
    visitor.clock.pass_seconds(19.9)
    assert offers.cached(event_id) is first
    visitor.clock.pass_seconds(10.2)
    assert await offers.offer(event_id) is not first


async def test_where_people_wait_and_where_nothing_was_to_be_had_is_never_older_than_five_seconds(
    visitor: Visitor,
) -> None:
    waited_for, withdrawn = await visitor.publish(
        event("a", waiting_room='"on"', tickets="- {name: A, price: 1, capacity: 1, on_sale_at: +1h}"),
        event("b", status="withdrawn"),
    )
    offers = visitor.catalogue.offers
    first = await offers.offer(waited_for)
    assert await offers.offer(withdrawn) is None
    visitor.clock.pass_seconds(4.9)
    assert offers.cached(waited_for) is first
    await visitor.db.execute("UPDATE event SET status = 'published'")
    visitor.clock.pass_seconds(0.2)
    assert await offers.offer(waited_for) is not first
    assert await offers.offer(withdrawn) is not None


async def test_a_room_that_is_switched_on_before_the_sale_is_known_within_seconds_without_being_told(
    visitor: Visitor,
) -> None:
    later = "{name: A, price: 1, capacity: 1, on_sale_at: +1h}"
    coming, on_sale = await visitor.publish(
        event("a", tickets=f"[{later}]"), event("b", tickets=f"[{later}, {{name: B, price: 1, capacity: 1}}]")
    )
    offers = visitor.catalogue.offers
    for event_id in (coming, on_sale):
        assert await offers.offer(event_id) is not None
    visitor.clock.pass_seconds(5.1)
    assert [offers.cached(event_id) is None for event_id in (coming, on_sale)] == [True, False]


async def test_offers_that_customers_want_at_once_are_read_together(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = await visitor.publish(*(event(f"night-{number}") for number in range(12)))
    statements = statements_of(visitor, monkeypatch)
    found = await asyncio.gather(*(visitor.catalogue.offers.offer(event_id) for event_id in (*events, 424242)))
    assert [offer.event_id for offer in found if offer] == events
    assert found[-1] is None
    assert len(statements) == 1


async def test_who_wants_what_is_in_demand_does_not_wait_for_its_reading(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    (event_id,) = await visitor.publish(event())
    offers = visitor.catalogue.offers
    first = await offers.offer(event_id)
    visitor.clock.pass_seconds(25)
    statements = statements_of(visitor, monkeypatch)
    assert await offers.offer(event_id) is first
    assert statements == []

    async def is_read() -> bool:
        return offers.cached(event_id) is not None

    await eventually(is_read)
    assert len(statements) == 1


async def test_an_event_without_tickets_is_an_offer_of_nothing(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event())
    await visitor.db.execute("UPDATE ticket_type SET withdrawn = true")
    offer = await visitor.catalogue.offers.offer(event_id)
    assert offer is not None
    assert offer.types == ()


async def test_what_is_not_published_is_no_offer(visitor: Visitor) -> None:
    withdrawn, cancelled = await visitor.publish(event("a", status="withdrawn"), event("b", status="cancelled"))
    for event_id in (withdrawn, cancelled, 424242):
        assert await visitor.catalogue.offers.offer(event_id) is None


async def test_seats_know_their_ticket_type_and_strangers_are_left_out(visitor: Visitor) -> None:
    hall, other = await visitor.publish(
        event("a", hall="small-hall", tickets="- {section: Stalls, price: 30}"),
        event("b", hall="small-hall", tickets="- {section: Stalls, price: 40}"),
        before=HALL,
    )
    rows = await visitor.box_office.rows(
        "SELECT DISTINCT ON (event_id) id, ticket_type_id, row_label, number FROM seat ORDER BY event_id, id"
    )
    (seat, type_id, row, number), (foreign, *_) = rows
    found = await visitor.catalogue.offers.seats(hall, [seat, foreign, 10**12])
    assert found == {seat: SeatOffer(type_id, SeatLabel(seat, row, number))}
    assert await visitor.catalogue.offers.seats(other, [seat]) == {}
