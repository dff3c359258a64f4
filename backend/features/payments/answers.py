"""Reading what a provider writes: of the kind and size that the shop can store, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from backend.domain.payments import ProviderUnavailable

# Whatever reading a field may raise when the field is missing or is something else.
NONSENSE: Final = (LookupError, TypeError, ValueError, AttributeError, OverflowError)
# References become part of addresses.
_REFERENCE: Final = re.compile(r"[\w-]{1,255}", re.ASCII)
URL_LENGTH: Final = 5000


def reference_of(value: Any) -> str:
    """A provider's name for something. TypeError or ValueError when it is none."""
    if not _REFERENCE.fullmatch(value):
        raise ValueError("not a reference")
    return str(value)


def text_of(value: Any, most: int = 255) -> str:
    """A text of at most so many characters. TypeError or ValueError when it is none."""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no text")
    if len(value) > most or "\0" in value:  # PostgreSQL stores no NUL
        raise ValueError("not a text that can be stored")
    return value


def optional_text(value: Any, most: int = 255) -> str | None:
    """The same, or None."""
    return None if value is None else text_of(value, most)


def moment_of(value: Any) -> datetime:
    """A point in time, with its zone. TypeError or ValueError when it is none."""
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return moment


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn nonsense in an answer into ProviderUnavailable: what became of the request is unknown."""
    try:
        yield
    except NONSENSE as error:
        raise ProviderUnavailable(f"the provider's answer is no {what}: {error!r}") from error
