"""An event file as what the shop is to sell: halls laid out, times resolved, every mistake named with its line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from backend.domain.money import Money, exponent
from backend.features.catalogue.event_file import Event, EventFile, Section, Ticket
from backend.features.catalogue.moments import Reading, is_relative
from backend.yaml_file import Place, YamlFile, YamlFileError

Halls = Mapping[str, list[Section]]


class EventFileError(ValueError):
    """The file cannot be applied. problems: one line each, `file:line: field: what is wrong`."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Mistake(Exception):  # noqa: N818 - it never leaves this module
    """place: within the event."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class TypePlan:
    """A ticket type. rows: a seated one's labels and seats, front first. on_sale_at: None when the file is silent."""

    name: str
    description: str
    pool: str
    price_minor: int
    rows: tuple[tuple[str, int], ...]
    on_sale_at: datetime | None
    off_sale_at: datetime
    max_per_order: int
    max_per_customer: int | None

    @property
    def seated(self) -> bool:
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class EventPlan:
    """An event as it shall be. pools: capacities by name. line: where the file describes it.

    checksum: of what is written, so it stays the same while `+30d` moves on. relative: it has such times.
    """

    slug: str
    id: int | None
    name: str
    description: str
    venue: str
    city: str
    starts_at: datetime
    timezone: str
    currency: str
    status: Literal["published", "withdrawn", "cancelled"]
    listed: bool
    refundable_until: datetime
    fee_bp: int
    waiting_room: Literal["off", "on", "automatic"]
    pools: Mapping[str, int]
    types: tuple[TypePlan, ...]
    checksum: str
    relative: bool
    where: str


@dataclass(frozen=True, slots=True)
class FilePlan:
    """Everything one file asks for."""

    events: tuple[EventPlan, ...]
    prune: bool


def read_plans(path: Path, now: datetime) -> FilePlan:
    """What the file asks for at this moment. Raises EventFileError with all that is wrong with it."""
    try:
        source = YamlFile(path)
    except YamlFileError as error:
        raise EventFileError(str(error)) from None
    try:
        file = EventFile.model_validate(source.values)
    except ValidationError as error:
        found = [(each["loc"], _message(each)) for each in error.errors(include_url=False)]
        raise EventFileError(*(_line(path, source, place, message) for place, message in found)) from None
    problems = [_line(path, source, place, message) for place, message in _repeated(file)]
    plans = []
    for number, event in enumerate(file.events):
        place: Place = ("events", number)
        try:
            plans.append(_plan(event, file.halls, now, f"{path}:{source.line(place)}"))
        except _Mistake as mistake:
            problems.append(_line(path, source, (*place, *mistake.place), str(mistake)))
    if problems:
        raise EventFileError(*problems)
    return FilePlan(tuple(plans), file.prune)


def _line(path: Path, source: YamlFile, place: Place, message: str) -> str:
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
    return f"{path}:{source.line(place)}: {field + ': ' if field else ''}{message}"


def _message(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such field"
    return error["msg"].removeprefix("Value error, ")


def _repeated(file: EventFile) -> Iterator[tuple[Place, str]]:
    for field in ("slug", "id"):
        seen: set[object] = set()
        for number, event in enumerate(file.events):
            value = getattr(event, field)
            if value is not None and value in seen:
                yield ("events", number, field), f"{value} belongs to an event above"
            seen.add(value)


def _plan(event: Event, halls: Halls, now: datetime, where: str) -> EventPlan:
    reading = Reading(now, _zone(event.timezone))
    starts_at = _moment(reading, event.starts_at, ("starts_at",))
    reading = Reading(now, reading.zone, starts_at)
    sections = _sections(event, halls)
    types = tuple(
        _type_plan(event, ticket, reading, sections, ("tickets", number)) for number, ticket in enumerate(event.tickets)
    )
    _demand_each_once(event)
    refundable_until = _moment(reading, event.refundable_until, ("refundable_until",))
    if refundable_until > starts_at:
        raise _Mistake(("refundable_until",), "tickets could be given back after the event has started")
    return EventPlan(
        slug=event.slug,
        id=event.id,
        name=event.name,
        description=event.description,
        venue=event.venue,
        city=event.city,
        starts_at=starts_at,
        timezone=event.timezone,
        currency=_currency(event),
        status=event.status,
        listed=event.listed,
        refundable_until=refundable_until,
        fee_bp=int(event.cancellation_fee_percent * 100),
        waiting_room=event.waiting_room,
        pools=_pools(event, sections),
        types=types,
        checksum=_checksum(event, sections),
        relative=any(is_relative(moment) for moment in event.moments()),
        where=where,
    )


def _type_plan(
    event: Event, ticket: Ticket, reading: Reading, sections: Mapping[str, Section], place: Place
) -> TypePlan:
    if ticket.section is not None and ticket.section not in sections:
        raise _Mistake((*place, "section"), f"the hall has no section {ticket.section}")
    if ticket.pool is not None and ticket.pool not in event.pools:
        raise _Mistake((*place, "pool"), f"{ticket.pool} is not among the event's pools")
    try:
        price = Money.from_major(ticket.price, _currency(event))
    except ValueError as error:
        raise _Mistake((*place, "price"), str(error)) from None
    on_sale_at = ticket.on_sale_at and _moment(reading, ticket.on_sale_at, (*place, "on_sale_at"))
    off_sale_at = _moment(reading, ticket.off_sale_at or "-0m", (*place, "off_sale_at"))
    if on_sale_at and on_sale_at >= off_sale_at:
        raise _Mistake((*place, "on_sale_at"), "the sale would begin after its end")
    return TypePlan(
        name=ticket.label,
        description=ticket.description,
        pool=ticket.pool or ticket.label,
        price_minor=price.minor,
        rows=tuple(sections[ticket.section].seats()) if ticket.section else (),
        on_sale_at=on_sale_at or None,
        off_sale_at=off_sale_at,
        max_per_order=ticket.max_per_order,
        max_per_customer=ticket.max_per_customer,
    )


def _pools(event: Event, sections: Mapping[str, Section]) -> dict[str, int]:
    pools = dict(event.pools)
    for number, ticket in enumerate(event.tickets):
        if ticket.pool is None and ticket.label in event.pools:
            raise _Mistake(("tickets", number, "name"), f"{ticket.label} is the name of a pool already")
        if ticket.section is not None:
            pools[ticket.label] = sum(seats for _, seats in sections[ticket.section].seats())
        elif ticket.capacity is not None:
            pools[ticket.label] = ticket.capacity
    return pools


def _sections(event: Event, halls: Halls) -> dict[str, Section]:
    if event.hall is None:
        return {}
    if event.hall not in halls:
        raise _Mistake(("hall",), f"there is no hall {event.hall} in this file")
    return {section.section: section for section in halls[event.hall]}


def _demand_each_once(event: Event) -> None:
    for field in ("label", "section"):
        values = [getattr(ticket, field) for ticket in event.tickets]
        for number, value in enumerate(values):
            if value is not None and value in values[:number]:
                raise _Mistake(("tickets", number), f"{value} is sold by a ticket type above")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _Mistake(("timezone",), f"{name} is no time zone such as Europe/Dublin") from None


def _currency(event: Event) -> str:
    try:
        exponent(event.currency)
    except ValueError as error:
        raise _Mistake(("currency",), str(error)) from None
    return event.currency


def _moment(reading: Reading, text: str, place: Place) -> datetime:
    try:
        return reading.moment(text)
    except (ValueError, OverflowError) as error:
        raise _Mistake(place, str(error)) from None


def _checksum(event: Event, sections: Mapping[str, Section]) -> str:
    written = [event.model_dump_json(exclude_defaults=True), *(part.model_dump_json() for part in sections.values())]
    return hashlib.sha256("\n".join(written).encode()).hexdigest()
