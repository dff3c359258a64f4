"""The basket's answer is made of plain values, because it answers the hottest route; its model documents it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from backend.domain.baskets import Basket, BasketLine, SeatLabel, Wanted
from backend.domain.money import Money
from backend.features.inventory.schemas import BasketView, basket_view
from backend.web.routes import reply

NOW = datetime(2026, 11, 23, 9, 5, 0, 123, tzinfo=UTC)
STALLS = BasketLine(
    UUID(int=1), 7, "Evening", NOW, "Europe/Dublin", "Hall", NOW, 12.5, 70, "Stalls", 2, Money(6550, "EUR"),
    (SeatLabel(4, "C", 11), SeatLabel(5, "C", 12)),
)  # fmt: skip
FLOOR = replace(STALLS, id=UUID(int=2), event_id=8, quantity=3, unit_price=Money(4500, "EUR"), seats=())
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


def test_after_adding_a_line_it_leads_the_answer() -> None:
    view = answered(BASKET, Wanted(8, 3))
    assert (view.event_id, view.quantity) == (8, 3)
