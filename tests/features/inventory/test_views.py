"""The basket's answer is made of plain values, because it answers the hottest route; its model documents it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from backend.domain.baskets import Basket, BasketLine, SeatLabel, Terms, Wanted
from backend.domain.money import Money
from backend.features.inventory.schemas import BasketView, basket_view
from backend.web.routes import reply

NOW = datetime(2026, 11, 23, 9, 5, 0, 123, tzinfo=UTC)
TERMS = Terms(7, "Evening", NOW, "Europe/Dublin", "Hall", NOW, 12.5, 70, "Stalls", Money(6550, "EUR"))
STALLS = BasketLine(UUID(int=1), TERMS, 2, (SeatLabel(4, "C", 11), SeatLabel(5, "C", 12)))
FLOOR = BasketLine(UUID(int=2), replace(TERMS, event_id=8, unit_price=Money(4500, "EUR")), 3)
BASKET = Basket(UUID(int=3), (STALLS, FLOOR), NOW, extended=True, paying=False)


def answered(basket: Basket, added: Wanted | None = None) -> BasketView:
    """The answer as its model reads it, which takes the documented fields, all of them and no others."""
    body = reply(basket_view(basket, added)).body
    assert isinstance(body, bytes)
    return BasketView.model_validate_json(body, strict=True)


def test_a_basket_of_seats_and_places() -> None:
    view = answered(BASKET)
    assert (view.event_id, view.quantity, view.total, view.currency, view.extended) == (7, 2, 266.0, "EUR", True)
    assert [(seat.row, seat.number) for seat in view.items[0].seats] == [("C", 11), ("C", 12)]
    assert [(item.unit_price, item.price) for item in view.items] == [(65.5, 131.0), (45.0, 135.0)]
    assert view.expires_at == NOW
    seated, _ = view.items
    assert (seated.id, seated.event_id, seated.event_name, seated.venue) == (UUID(int=1), 7, "Evening", "Hall")
    assert (seated.starts_at, seated.refundable_until, seated.timezone) == (NOW, NOW, "Europe/Dublin")
    assert (seated.ticket_type_id, seated.ticket_type, seated.cancellation_fee_percent) == (70, "Stalls", 12.5)


def test_what_a_type_says_anew_is_said_anew() -> None:
    """What is the same in all items of a type is kept, but not when the type's price or the event's name changes."""
    assert answered(BASKET).items[0].event_name == "Evening"
    dearer = replace(TERMS, event_name="Night", unit_price=Money(7000, "EUR"))
    (item,) = answered(replace(BASKET, lines=(BasketLine(UUID(int=1), dearer, 2),))).items
    assert (item.event_name, item.unit_price, item.price) == ("Night", 70.0, 140.0)


def test_after_adding_a_line_it_leads_the_answer() -> None:
    view = answered(BASKET, Wanted(8, 3))
    assert (view.event_id, view.quantity) == (8, 3)
