"""What the catalogue's routes take, and what they answer, for the document of the API."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from backend.domain.offers import RoomState
from backend.features.catalogue.search import prefix_query
from backend.features.catalogue.store import Filter
from backend.web.parsing import Day, Query
from backend.web.routes import View

_Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)]


class EventQuery(Query):
    """q: words that name, venue, city or description begin with. from, to: days by the venue's clock, both included."""

    q: _Words = ""
    city: _Words = ""
    since: Annotated[Day | None, Field(alias="from")] = None
    until: Annotated[Day | None, Field(alias="to")] = None
    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    per_page: Annotated[int, Field(ge=1, le=100)] = 50

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.since and self.until and self.since > self.until:
            raise ValueError("from must not lie after to")
        return self

    @cached_property
    def filter(self) -> Filter:
        """The same for all ways to ask the same."""
        words = prefix_query(self.q) if self.q else None
        return Filter(words, self.city.casefold() or None, self.since, self.until, self.page, self.per_page)


class PosterQuery(Query):
    """v: the version that `poster_url` names; with it the poster may be kept for ever."""

    v: Annotated[str | None, Field(max_length=20)] = None


class EventSummary(View):
    """An event in the list. price: the lowest that can be bought now, else the lowest there will be.

    waiting_room: whether a place has to be taken first; `none` where one simply buys.
    """

    id: int
    name: str
    date: dt.date
    starts_at: dt.datetime
    timezone: str
    venue: str
    city: str
    price: float | None
    currency: str
    available_tickets: int
    on_sale_at: dt.datetime | None
    off_sale_at: dt.datetime | None
    on_sale: bool
    status: Literal["published", "cancelled"]
    seated: bool
    waiting_room: RoomState
    poster_url: str


class EventList(View):
    """count: events in this answer. total: events on all pages."""

    events: list[EventSummary]
    count: int
    total: int
    page: int


class TicketTypeView(View):
    """A ticket type. available: what is left of its pool, which it may share."""

    id: int
    name: str
    description: str
    price: float
    currency: str
    available: int
    on_sale_at: dt.datetime
    off_sale_at: dt.datetime
    on_sale: bool
    max_per_order: int
    max_per_customer: int | None
    seated: bool


class RowView(View):
    """A row of seats, numbered from 1."""

    label: str
    seats: int


class SectionView(View):
    """A part of the hall in which every seat costs the same; front row first."""

    ticket_type_id: int
    name: str
    price: float
    currency: str
    rows: list[RowView]


class SeatMapView(View):
    """The hall."""

    sections: list[SectionView]


class EventDetail(EventSummary):
    """An event on its own page. seat_map: null for general admission. server_time: to count down by."""

    description: str
    ticket_types: list[TicketTypeView]
    seat_map: SeatMapView | None
    refundable_until: dt.datetime
    cancellation_fee_percent: float
    server_time: dt.datetime


class SeatView(View):
    """A seat; its price is in the answer's currency."""

    id: int
    section: str
    row: str
    number: int
    price: float
    state: Literal["free", "held", "sold"]


class SeatListView(View):
    """Every seat that is for sale. version: as in the stream's seats_version."""

    seats: list[SeatView]
    currency: str
    version: int
