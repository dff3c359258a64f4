"""Identifiers that the shop makes before it speaks to the database, so that a repeated request is recognised."""

import os
import time
from collections.abc import Iterable
from hashlib import sha256
from itertools import chain
from uuid import UUID

_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)
_OUTSIDE_THEM = ~((0xF << 76) | (0b11 << 62))


def _some() -> Iterable[int]:
    return memoryview(os.urandom(4096)).cast("Q")


# Numbers of 64 random bits each: to ask the system for every identifier takes longer than to make it. No process of the
# shop forks, or two of them would have the same.
_random = chain.from_iterable(iter(_some, None))


def uuid7() -> UUID:
    """A new identifier that sorts by time, so that new rows stand together in their index (RFC 9562, section 5.7).

    74 of its bits are random: a basket's identifier is also the key to it.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = (next(_random) & 0xFFFF) << 64 | next(_random)
    return UUID(int=milliseconds << 80 | random & _OUTSIDE_THEM | _VERSION_AND_VARIANT)


def derived_id(*parts: str) -> UUID:
    """The identifier that follows from these parts: a repeated request has the same one (RFC 9562, version 8)."""
    digest = sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).digest()
    number = int.from_bytes(digest[:16], "big") & ~((0xF << 76) | (0b11 << 62))
    return UUID(int=number | (0x8 << 76) | (0b10 << 62))
