"""What a customer asks for, and what a basket comes to."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from backend.domain.baskets import Basket, BasketLine, Terms, Wanted
from backend.domain.money import Money

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def line(price: int, quantity: int) -> BasketLine:
    terms = Terms(1, "Evening", NOW, "UTC", "Hall", NOW, 0.0, 1, "Standard", Money(price, "EUR"))
    return BasketLine(UUID(int=price), terms, quantity)


def test_a_basket_costs_what_its_lines_cost() -> None:
    basket = Basket(UUID(int=1), (line(9999, 3), line(0, 4), line(1, 10)), NOW, extended=False, paying=False)
    assert basket.total == Money(30007, "EUR")
    assert basket.lines[0].price == Money(29997, "EUR")


@pytest.mark.parametrize(
    ("quantity", "seats", "meant"),
    [(None, [], 1), (4, [], 4), (None, [7, 5], 2), (2, [7, 5], 2)],
)
def test_a_quantity_follows_from_the_seats_when_none_is_given(
    quantity: int | None, seats: list[int], meant: int
) -> None:
    assert Wanted.of(1, quantity, seat_ids=seats) == Wanted(1, meant, None, tuple(sorted(seats)))


@pytest.mark.parametrize("quantity", [None, 2])
def test_a_seat_is_wanted_once(quantity: int | None) -> None:
    with pytest.raises(ValueError, match="names a seat twice"):
        Wanted.of(1, quantity, seat_ids=[5, 5])


@pytest.mark.parametrize("quantity", [1, 3])
def test_a_quantity_beside_seats_is_their_number(quantity: int) -> None:
    with pytest.raises(ValueError, match="differs from the number"):
        Wanted.of(1, quantity, seat_ids=[5, 7])
