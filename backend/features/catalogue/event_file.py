"""What an event file may say. Times and halls are still as written; `plans` turns them into what the shop sells.

halls:
  grand-hall:
    - section: Stalls
      rows:
        - {rows: A-M, seats: 24}
events:
  - slug: winter-evening
    name: Winter Evening
    venue: Grand Hall
    city: Dublin
    timezone: Europe/Dublin
    starts_at: 2027-03-12 19:30
    currency: EUR
    hall: grand-hall
    tickets:
      - {section: Stalls, price: 65.00}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ROWS = re.compile(r"([A-Z]|\d{1,3})-([A-Z]|\d{1,3})")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("must be one line of printable characters without blanks at its ends")
    return text


def _text(text: str) -> str:
    if not text.replace("\n", "").isprintable():
        raise ValueError("must be printable characters")
    return text.strip()


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Text = Annotated[str, Field(max_length=5000), AfterValidator(_text)]
Slug = Annotated[str, Field(max_length=80, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Moment = Annotated[str, Field(min_length=1, max_length=40)]
Capacity = Annotated[int, Field(ge=0, le=10_000_000, strict=True)]


class Rows(_Part):
    """rows: "A-M", "1-20" or a single label. seats: how many each of them has, numbered from 1."""

    rows: str = Field(min_length=1, max_length=9, pattern=r"^[A-Za-z0-9]+(-[A-Za-z0-9]+)?$", coerce_numbers_to_str=True)
    seats: int = Field(ge=1, le=500, strict=True)

    def labels(self) -> list[str]:
        """Front first. ValueError when it does not say which rows there are between the two."""
        if "-" not in self.rows:
            return [self.rows]
        match = _ROWS.fullmatch(self.rows)
        if match and match[1].isalpha() and match[2].isalpha() and match[1] < match[2]:
            return list(_LETTERS[_LETTERS.index(match[1]) : _LETTERS.index(match[2]) + 1])
        if match and match[1].isdigit() and match[2].isdigit() and int(match[1]) < int(match[2]):
            return [str(number) for number in range(int(match[1]), int(match[2]) + 1)]
        raise ValueError(f"{self.rows} is no range such as A-M or 1-20")

    @model_validator(mode="after")
    def _are_rows(self) -> Rows:
        self.labels()
        return self


class Section(_Part):
    """A part of a hall in which every seat costs the same."""

    section: Line
    rows: list[Rows] = Field(min_length=1, max_length=100)

    def seats(self) -> list[tuple[str, int]]:
        """Each row's label and how many seats it has, front first."""
        return [(label, rows.seats) for rows in self.rows for label in rows.labels()]

    @model_validator(mode="after")
    def _has_each_row_once(self) -> Section:
        labels = [label for label, _ in self.seats()]
        if len(labels) != len(set(labels)):
            raise ValueError("a row stands there twice")
        return self


class Ticket(_Part):
    """A ticket type: of a section of the hall, of a pool that it shares with others, or with a capacity of its own.

    name: may be left out for a section. on_sale_at: from now on when left out; off_sale_at: until the event starts.
    """

    name: Line | None = None
    description: Text = ""
    price: Decimal = Field(ge=0)
    capacity: Capacity | None = None
    pool: Line | None = None
    section: Line | None = None
    on_sale_at: Moment | None = None
    off_sale_at: Moment | None = None
    max_per_order: int = Field(default=10, ge=1, le=10, strict=True)
    max_per_customer: int | None = Field(default=None, ge=1, le=1000, strict=True)

    @property
    def label(self) -> str:
        return self.name or self.section or ""

    @model_validator(mode="after")
    def _has_one_source(self) -> Ticket:
        if sum(source is not None for source in (self.capacity, self.pool, self.section)) != 1:
            raise ValueError("a ticket has exactly one of capacity, pool and section")
        if not self.label:
            raise ValueError("a ticket without a section needs a name")
        return self


class Event(_Part):
    """One event. slug: by which the file knows it again. id: its number in the shop, else the next one.

    listed: false keeps it out of every list and search; whoever knows its number can buy.

    status: withdrawn events disappear from sale and from view; cancelled ones stay visible and refund everyone.
    refundable_until: seven days before the start when left out, and never after it.
    waiting_room: on: everybody takes a place, from some time before the sale on. automatic: once more come than can be
    served well.
    """

    slug: Slug
    id: int | None = Field(default=None, ge=1, lt=2**53, strict=True)
    name: Line
    description: Text = ""
    venue: Line
    city: Line
    timezone: Line
    starts_at: Moment
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    status: Literal["published", "withdrawn", "cancelled"] = "published"
    listed: bool = Field(default=True, strict=True)
    refundable_until: Moment = "-7d"
    cancellation_fee_percent: Decimal = Field(default=Decimal(0), ge=0, le=100, decimal_places=2)
    waiting_room: Literal["off", "on", "automatic"] = "off"
    hall: Slug | None = None
    pools: dict[Line, Capacity] = Field(default_factory=dict)
    tickets: list[Ticket] = Field(min_length=1, max_length=50)

    def moments(self) -> Iterator[str]:
        """Every time it gives."""
        yield from (self.starts_at, self.refundable_until)
        for ticket in self.tickets:
            yield from (moment for moment in (ticket.on_sale_at, ticket.off_sale_at) if moment)


class EventFile(_Part):
    """prune: withdraw every published event that the file does not name."""

    prune: bool = Field(default=False, strict=True)
    halls: dict[Slug, list[Section]] = Field(default_factory=dict)
    events: list[Event] = Field(default_factory=list)
