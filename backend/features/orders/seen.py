"""Whether a basket is what its customer saw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from backend.domain.baskets import Basket
from backend.features.orders.schemas import CheckoutItem

Line = tuple[int, int, int]  # event, ticket type, quantity


def is_as_seen(basket: Basket, seen: Sequence[CheckoutItem]) -> bool:
    """Whether the basket has these tickets and no others, at the prices that were given."""
    lines = [(line.terms.event_id, line.terms.ticket_type_id, line.quantity) for line in basket.lines]
    return are_these(lines, seen) and all(_as_priced(basket, item) for item in seen)


def are_these(lines: Sequence[Line], seen: Sequence[CheckoutItem]) -> bool:
    """Whether the lines have these tickets and no others.

    An item without a ticket type speaks of all lines of its event.
    """
    if {item.event_id for item in seen} != {event_id for event_id, _, _ in lines}:
        return False
    by_type = {item.event_id: item.ticket_type_id is not None for item in seen}
    by_type |= {item.event_id: False for item in seen if item.ticket_type_id is None}
    held: Counter[tuple[int, int | None]] = Counter()
    for event_id, type_id, quantity in lines:
        held[event_id, type_id if by_type[event_id] else None] += quantity
    asked: Counter[tuple[int, int | None]] = Counter()
    for item in seen:
        asked[item.event_id, item.ticket_type_id if by_type[item.event_id] else None] += item.wanted().quantity
    return held == asked


def _as_priced(basket: Basket, item: CheckoutItem) -> bool:
    """Whether there are such tickets, each at the price of the item."""
    meant = [
        line.terms
        for line in basket.lines
        if line.terms.event_id == item.event_id and item.ticket_type_id in {None, line.terms.ticket_type_id}
    ]
    return bool(meant) and all(item.price in {None, terms.unit_price.major()} for terms in meant)
