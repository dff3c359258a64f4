"""Why tickets could not be held, in words."""

from __future__ import annotations

import orjson

from backend.domain.errors import DomainError
from backend.features.inventory.holds import HoldAnswer


def basket_refusal(result: str) -> DomainError:
    """What extend, release and reading a basket may answer instead."""
    slug, detail = {
        "unknown-basket": ("not-found", "There is no such basket."),
        "unknown-line": ("not-found", "The basket has no such line."),
        "basket-expired": ("basket-expired", "The hold has run out and the tickets went back on sale. Nothing was charged."),
        "basket-busy": ("basket-busy", "The basket is being paid for at this moment."),
        "already-extended": ("already-extended", "The hold has been extended once already."),
    }[result]
    return DomainError(slug, detail)


def hold_refusal(answer: HoldAnswer) -> DomainError:
    """What hold_tickets_v1 may answer instead of holding."""
    detail = answer.detail
    match answer.result:
        case "sold-out":
            left = int(detail or 0)
            words = f"Only {left} left." if left else "Sold out."
            return DomainError("sold-out", words, {"available_tickets": left})
        case "seat-gone":
            return DomainError("seat-gone", "Somebody else has taken a seat.", {"seat_ids": orjson.loads(detail or "[]")})
        case "not-on-sale":
            return DomainError("not-on-sale", f"The sale opens at {detail}.", {"on_sale_at": detail})
        case "off-sale":
            return DomainError("not-on-sale", f"The sale closed at {detail}.", {"off_sale_at": detail})
        case "order-limit":
            return _limit(f"At most {detail} of these tickets in one order.", detail)
        case "customer-limit":
            return _limit(f"At most {detail} of these tickets for one customer.", detail)
        case "address-limit" | "hold-limit":
            return DomainError("too-many-holds", "You hold as many tickets as you may at a time.", {"limit": int(detail or 0)})
        case "currency":
            return DomainError("currency-mismatch", f"The basket is in {detail}; pay for it before buying in another currency.")
        case "mismatch":
            return DomainError("idempotency-mismatch", "This Idempotency-Key was used for another request.")
        case "unknown-event" | "seat-unknown":
            return DomainError("not-found", "There is no such ticket on offer.")
        case _:
            return basket_refusal(answer.result)


def _limit(words: str, limit: str | None) -> DomainError:
    return DomainError("limit-reached", words, {"limit": int(limit or 0)})
