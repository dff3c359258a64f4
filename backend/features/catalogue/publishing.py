"""One event's rows, made or brought up to date; every difference is put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.db.pool import Transaction
from backend.db.queries import load_queries
from backend.domain.money import Money
from backend.domain.probe import PROBE_EVENT
from backend.features.catalogue.plans import EventFileError, EventPlan, TypePlan

queries = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class _Pool:
    id: int
    capacity: int
    available: int


@dataclass(frozen=True, slots=True)
class _Type:
    description: str
    pool: str
    price_minor: int
    seated: bool
    on_sale_at: datetime
    off_sale_at: datetime
    max_per_order: int
    max_per_customer: int | None
    position: int
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class _Event:
    name: str
    description: str
    venue: str
    city: str
    starts_at: datetime
    timezone: str
    currency: str
    status: str
    listed: bool
    refundable_until: datetime
    fee_bp: int
    waiting_room: str


_Rows = Mapping[str, list[tuple[str, int]]]
"""Of each seated ticket type, the rows as they are: label and seats, front first."""


class Publication:
    """One planned event on its way into the database, in the caller's transaction.

    now: when an open sale begins. rehearsal: nothing is locked or written; EventFileError for what cannot be done.
    """

    def __init__(self, tx: Transaction, plan: EventPlan, now: datetime, *, rehearsal: bool = False) -> None:
        self._tx = tx
        self._plan = plan
        self._now = now
        self._rehearsal = rehearsal
        self._details: list[str] = []

    async def publish(self) -> int:
        """Make the event, its pools, ticket types and seats; answer its number."""
        event_id = await self._put_event()
        if self._plan.id is not None and self._plan.id != PROBE_EVENT:
            await self._write(queries.number_events_after, {"id": self._plan.id})
        await self._put_pools(event_id, {})
        await self._put_types(event_id, {})
        await self._put_seats(event_id, {})
        return event_id

    async def change(self, event_id: int) -> tuple[str, list[str]]:
        """Bring it up to date; answer the status that it had, and every difference."""
        await self._write(queries.lock_event, {"event": event_id})
        row = await self._tx.fetch_one(queries.event_to_change, {"event": event_id})
        old = _Event(*row)  # type: ignore[misc] # the columns are its fields
        self._demand_possible(old)
        self._compare_event(old)
        await self._put_event()
        pools = await self._tx.fetch_all(queries.pools_to_change, {"event": event_id})
        types = await self._tx.fetch_all(queries.types_to_change, {"event": event_id})
        rows = await self._rows_of_seats(event_id)
        await self._remove_seats(event_id, rows)
        await self._put_pools(event_id, {name: _Pool(*rest) for name, *rest in pools})
        await self._put_types(event_id, {name: _Type(*rest) for name, *rest in types})
        await self._put_seats(event_id, rows)
        if self._plan.status != "published":
            await self._write(queries.close_event, {"event": event_id})
        return old.status, self._details

    async def _write(self, statement: str, values: Mapping[str, Any]) -> None:
        if not self._rehearsal:
            await self._tx.execute(statement, values)

    def _refuse(self, why: str) -> EventFileError:
        return EventFileError(f"{self._plan.where}: {self._plan.slug}: {why}")

    def _demand_possible(self, old: _Event) -> None:
        if old.currency != self._plan.currency:
            raise self._refuse(f"it is sold in {old.currency}; another currency needs another event")
        if old.status == "cancelled" and self._plan.status != "cancelled":
            raise self._refuse("it was cancelled and refunded, and stays so")

    def _compare_event(self, old: _Event) -> None:
        self._note_differences("", old, self._plan, ("status", "name", "venue", "city", "starts_at", "timezone"))
        self._note_differences("", old, self._plan, ("refundable_until", "listed", "waiting_room"))
        if old.description != self._plan.description:
            self._details.append("description")
        if old.fee_bp != self._plan.fee_bp:
            self._details.append(f"cancellation fee {old.fee_bp / 100:g} % -> {self._plan.fee_bp / 100:g} %")

    def _note_differences(self, of: str, old: object, new: object, fields: tuple[str, ...]) -> None:
        for field in fields:
            before, after = getattr(old, field), getattr(new, field)
            if before != after:
                self._details.append(f"{of}{field.replace('_', ' ')} {_said(before)} -> {_said(after)}")

    async def _put_event(self) -> int:
        plan = self._plan
        values = {name: getattr(plan, name) for name in ("id", "slug", "checksum", *_Event.__slots__)}
        return 0 if self._rehearsal else int(await self._tx.fetch_value(queries.put_event, values))

    async def _put_pools(self, event_id: int, old: Mapping[str, _Pool]) -> None:
        for name, capacity in self._plan.pools.items():
            known = old.get(name)
            if known and known.capacity == capacity:
                continue
            if known:
                taken = known.capacity - known.available
                if capacity < taken:
                    raise self._refuse(f"{name} cannot shrink to {capacity}: {taken} are sold or held")
                self._details.append(f"capacity of {name} {known.capacity} -> {capacity}")
            await self._write(queries.put_pool, {"event": event_id, "name": name, "capacity": capacity})

    async def _put_types(self, event_id: int, old: Mapping[str, _Type]) -> None:
        for position, planned in enumerate(self._plan.types):
            known = old.get(planned.name)
            wanted = self._wanted(planned, position, known)
            if known is None:
                self._details.append(f"new ticket type {planned.name}")
            if known != wanted:
                self._compare_type(planned.name, known, wanted)
                values = {name: getattr(wanted, name) for name in _Type.__slots__}
                await self._write(queries.put_type, {**values, "event": event_id, "name": planned.name})
        for name in old.keys() - {planned.name for planned in self._plan.types}:
            if not old[name].withdrawn:
                self._details.append(f"ticket type {name} withdrawn")
                await self._write(queries.withdraw_type, {"event": event_id, "name": name})

    def _wanted(self, planned: TypePlan, position: int, known: _Type | None) -> _Type:
        on_sale_at = planned.on_sale_at or (known.on_sale_at if known else self._now)
        if on_sale_at >= planned.off_sale_at:
            raise self._refuse(f"the sale of {planned.name} would begin after its end")
        if known and (known.seated, known.pool) != (planned.seated, planned.pool):
            raise self._refuse(
                f"{planned.name} cannot change the seats or the pool that it sells: give it another name"
            )
        shared: dict[str, Any] = {
            name: getattr(planned, name)
            for name in _Type.__slots__
            if name not in {"on_sale_at", "position", "withdrawn"}
        }
        return _Type(**shared, on_sale_at=on_sale_at, position=position, withdrawn=False)

    def _compare_type(self, name: str, known: _Type | None, wanted: _Type) -> None:
        if known is None:
            return
        if known.price_minor != wanted.price_minor:
            before, after = (Money(it.price_minor, self._plan.currency) for it in (known, wanted))
            self._details.append(f"price of {name} {before} -> {after}")
        if known.withdrawn:
            self._details.append(f"ticket type {name} for sale again")
        fields = ("description", "on_sale_at", "off_sale_at", "max_per_order", "max_per_customer", "position")
        self._note_differences(f"{name}: ", known, wanted, fields)

    async def _rows_of_seats(self, event_id: int) -> _Rows:
        rows: dict[str, list[tuple[str, int]]] = {}
        for name, label, seats in await self._tx.fetch_all(queries.rows_of_seats, {"event": event_id}):
            rows.setdefault(name, []).append((label, seats))
        return rows

    async def _remove_seats(self, event_id: int, rows: _Rows) -> None:
        """Take away what the hall no longer has; nobody may have it or be about to pay for it."""
        for planned in self._plan.types:
            if not planned.seated or rows.get(planned.name, list(planned.rows)) == list(planned.rows):
                continue
            values = self._seats(event_id, planned)
            if blocked := await self._tx.fetch_all(queries.seats_in_the_way, values):
                label, number = blocked[0]
                raise self._refuse(f"{planned.name} row {label} seat {number} cannot go: it is sold or held")
            await self._write(queries.remove_seats, values)
            self._details.append(f"seats of {planned.name}")

    async def _put_seats(self, event_id: int, rows: _Rows) -> None:
        """Last, because while a big hall is laid out nobody can buy."""
        for planned in self._plan.types:
            if planned.seated and rows.get(planned.name) != list(planned.rows):
                await self._write(queries.put_seats, self._seats(event_id, planned))

    @staticmethod
    def _seats(event_id: int, planned: TypePlan) -> dict[str, Any]:
        labels, counts = zip(*planned.rows, strict=True)
        return {"event": event_id, "name": planned.name, "labels": list(labels), "counts": list(counts)}


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return "none" if value is None else str(value)
