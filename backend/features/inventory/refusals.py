"""Why tickets could not be held, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from backend.domain.errors import DomainError
from backend.features.inventory.holds import HoldAnswer

_OF_BASKETS = {
    "unknown-basket": ("not-found", "There is no such basket."),
    "unknown-line": ("not-found", "The basket has no such line."),
    "basket-expired": (
        "basket-expired",
        (
            "This basket is closed. If you paid, your tickets are in the link and e-mail of your order. "
            "If not, nothing was charged and they are on sale again."
        ),
    ),
    "basket-busy": ("basket-busy", "The basket is being paid for at this moment."),
    "already-extended": ("already-extended", "The hold has been extended once already."),
    "mismatch": ("idempotency-mismatch", "This Idempotency-Key was used for another request."),
    "unknown-event": ("not-found", "There is no such ticket on offer."),
    "seat-unknown": ("not-found", "There is no such seat on offer."),
}


def basket_refusal(result: str) -> DomainError:
    """What extend, release and reading a basket may answer instead."""
    return DomainError(*_OF_BASKETS[result])


def hold_refusal(answer: HoldAnswer) -> DomainError:
    """What hold_tickets_v1 may answer instead of holding."""
    if answer.result in _OF_BASKETS:
        return basket_refusal(answer.result)
    return _OF_HOLDS[answer.result](answer.detail or "")


def _sold_out(left: str) -> DomainError:
    words = f"Only {left} left." if int(left) else "Sold out."
    return DomainError("sold-out", words, {"available_tickets": int(left)})


def _limit(words: str, slug: str = "limit-reached") -> Callable[[str], DomainError]:
    return lambda limit: DomainError(slug, words.format(limit), {"limit": int(limit)})


_HOLDS_TOO_MUCH = _limit("You hold as many tickets as you may at a time.", "too-many-holds")
_OF_HOLDS: Mapping[str, Callable[[str], DomainError]] = {
    "sold-out": _sold_out,
    "seat-gone": lambda seats: DomainError(
        "seat-gone", "Somebody else has taken a seat.", {"seat_ids": orjson.loads(seats)}
    ),
    "not-on-sale": lambda at: DomainError("not-on-sale", f"The sale opens at {at}.", {"on_sale_at": at}),
    "off-sale": lambda at: DomainError("not-on-sale", f"The sale closed at {at}.", {"off_sale_at": at}),
    "order-limit": _limit("At most {} of these tickets in one order."),
    "customer-limit": _limit("At most {} of these tickets for one customer."),
    "address-limit": _HOLDS_TOO_MUCH,
    "hold-limit": _HOLDS_TOO_MUCH,
    "currency": lambda code: DomainError(
        "currency-mismatch", f"The basket is in {code}; pay for it before buying in another currency."
    ),
}
