"""Columns of a batch as PostgreSQL array literals: they need no casts and cost less than adapted lists."""

from collections.abc import Iterable
from uuid import UUID

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"'})


def array_literal(values: Iterable[object]) -> str:
    """`{1,NULL,2}` of numbers, booleans: whatever `str` writes without commas, quotes, braces or spaces."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def uuid_array_literal(values: Iterable[UUID | None]) -> str:
    """Without hyphens, which PostgreSQL does not need and which cost more than all the rest of it."""
    return "{" + ",".join(["NULL" if value is None else value.hex for value in values]) + "}"


def text_array_literal(values: Iterable[str | None]) -> str:
    """Any texts, quoted and escaped; None becomes NULL."""
    return "{" + ",".join(["NULL" if value is None else f'"{value.translate(_ESCAPES)}"' for value in values]) + "}"
