"""Why tickets could not be held, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import orjson

from backend.domain.errors import DomainError
from backend.domain.refusals import basket_refusal, is_basket_refusal
from backend.features.inventory.holds import HoldAnswer


def hold_refusal(answer: HoldAnswer) -> DomainError:
    """What hold_tickets_v1 may answer instead of holding."""
    if is_basket_refusal(answer.result):
        return basket_refusal(answer.result)
    return _OF_HOLDS[answer.result](answer.detail or "")


def _sold_out(left: str) -> DomainError:
    words = f"Only {left} left." if int(left) else "Sold out."
    return DomainError("sold-out", words, {"available_tickets": int(left)})


def _limit(words: str, slug: str = "limit-reached") -> Callable[[str], DomainError]:
    return lambda limit: DomainError(slug, words.format(limit), {"limit": int(limit)})


def _closed(words: str, member: str, at: str) -> DomainError:
    # As in every other answer: in UTC, with a Z.
    moment = datetime.fromisoformat(at).astimezone(UTC).isoformat().replace("+00:00", "Z")
    return DomainError("not-on-sale", words.format(moment), {member: moment})


_HOLDS_TOO_MUCH = _limit("You hold as many tickets as you may at a time.", "too-many-holds")
_OF_HOLDS: Mapping[str, Callable[[str], DomainError]] = {
    "unknown-event": lambda _: DomainError("not-found", "There is no such ticket on offer."),
    "seat-unknown": lambda _: DomainError("not-found", "There is no such seat on offer."),
    "sold-out": _sold_out,
    "seat-gone": lambda seats: DomainError(
        "seat-gone", "Somebody else has taken a seat.", {"seat_ids": orjson.loads(seats)}
    ),
    "not-on-sale": lambda at: _closed("The sale opens at {}.", "on_sale_at", at),
    "off-sale": lambda at: _closed("The sale closed at {}.", "off_sale_at", at),
    "order-limit": _limit("At most {} of these tickets in one order."),
    "customer-limit": _limit("At most {} of these tickets for one customer."),
    "address-limit": _HOLDS_TOO_MUCH,
    "hold-limit": _HOLDS_TOO_MUCH,
    "currency": lambda code: DomainError(
        "currency-mismatch", f"The basket is in {code}; pay for it before buying in another currency."
    ),
}
