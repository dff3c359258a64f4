"""What may be wrong with a basket, in words; the same whoever finds it."""

from collections.abc import Mapping
from typing import Final

from backend.domain.errors import DomainError

_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "unknown-basket": ("not-found", "There is no such basket."),
    "unknown-line": ("not-found", "The basket has no such line."),
    "basket-expired": ("basket-expired", "The time was over. Nothing was charged; the tickets are on sale again."),
    "basket-emptied": ("basket-expired", "These tickets have been given back. Nothing was charged."),
    "basket-bought": (
        "basket-bought",
        (
            "These tickets have been bought. Open the order by the link that was shown when it was paid, "
            "or by the one in its e-mail."
        ),
    ),
    "basket-busy": ("basket-busy", "The basket is being paid for at this moment."),
    "already-extended": ("already-extended", "The hold has been extended once already."),
    "mismatch": ("idempotency-mismatch", "This Idempotency-Key was used for another request."),
    "event-closed": (
        "not-on-sale",
        "An event of this basket is no longer on sale; its tickets have been given back. Nothing was charged.",
    ),
}


def is_basket_refusal(result: str) -> bool:
    """Whether there are words for this result of a database function."""
    return result in _WORDS


def basket_refusal(result: str) -> DomainError:
    """Of a database function's result. KeyError when it refuses something else than a basket."""
    return DomainError(*_WORDS[result])
