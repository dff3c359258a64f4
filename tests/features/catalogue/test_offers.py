from datetime import timedelta

from backend.domain.baskets import SeatLabel
from backend.domain.offers import SeatOffer
from tests.features.catalogue.conftest import Visitor
from tests.features.catalogue.samples import HALL, event


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


async def test_an_offer_is_never_older_than_five_seconds(visitor: Visitor) -> None:
    (event_id,) = await visitor.publish(event())
    await visitor.catalogue.offers.offer(event_id)
    visitor.clock.pass_seconds(5.1)
    assert visitor.catalogue.offers.cached(event_id) is None


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
