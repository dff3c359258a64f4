"""Brings the shop to what an event file says: all of it in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import orjson

from backend.db.pool import Database, Row, Transaction
from backend.db.queries import load_queries
from backend.features.catalogue.plans import EventFileError, EventPlan, read_plans
from backend.features.catalogue.publishing import Publication

queries = load_queries(__package__)

Action = Literal["published", "changed", "withdrawn", "cancelled", "unchanged"]
_NOTIFY_MOST = 400  # ids that surely fit into a notification's 8000 bytes


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one event. details: each difference in words, none for a new event."""

    slug: str
    event_id: int
    action: Action
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.action} {self.slug} ({self.event_id})" + "".join(f"\n  {detail}" for detail in self.details)


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    checksum: str
    starts_at: datetime


async def apply_events(db: Database, path: Path, *, now: datetime) -> list[Change]:
    """Publish, change, withdraw and cancel events as the file says; the second time it changes nothing.

    Raises EventFileError, having changed nothing, when the file is wrong or asks for what cannot be done.
    """
    plan = read_plans(path, now)
    async with db.transaction() as tx:
        await tx.execute(queries.lock_event_files)
        known = await _known(tx, plan.events)
        changes = [await _apply(tx, event, known, now) for event in plan.events]
        if plan.prune:
            changes += await _withdraw_others(tx, [event.slug for event in plan.events])
        await _announce(tx, [change.event_id for change in changes if change.action != "unchanged"])
    return changes


async def _known(tx: Transaction, plans: Sequence[EventPlan]) -> dict[str, _Known]:
    """The events of the file that the shop has already; EventFileError for a number that another one has."""
    wanted = {plan.id: plan for plan in plans if plan.id is not None}
    rows = await tx.fetch_all(queries.known_events, {"slugs": [plan.slug for plan in plans], "ids": list(wanted)})
    taken = [f"{wanted[row[1]].where}: id {row[1]} is {row[0]}'s" for row in rows if _is_taken(row, wanted)]
    known = {slug: _Known(*rest) for slug, *rest in rows}
    moved = [
        f"{plan.where}: {plan.slug} has the id {known[plan.slug].id}, which cannot change"
        for plan in plans
        if plan.slug in known and plan.id not in {None, known[plan.slug].id}
    ]
    if taken or moved:
        raise EventFileError(*taken, *moved)
    return known


def _is_taken(row: Row, wanted: Mapping[int, EventPlan]) -> bool:
    return row[1] in wanted and wanted[row[1]].slug != row[0]


async def _apply(tx: Transaction, plan: EventPlan, known: Mapping[str, _Known], now: datetime) -> Change:
    old = known.get(plan.slug)
    if old is None:
        event_id = await Publication(tx, plan, now).publish()
        return await _told(tx, Change(plan.slug, event_id, plan.status))
    # An event with relative times moves on once it is over, so that a demonstration never runs out of events.
    if old.checksum == plan.checksum and not (plan.relative and old.starts_at <= now):
        return Change(plan.slug, old.id, "unchanged")
    status, details = await Publication(tx, plan, now).change(old.id)
    if not details:
        return Change(plan.slug, old.id, "unchanged")
    action: Action = plan.status if status != plan.status else "changed"
    return await _told(tx, Change(plan.slug, old.id, action, tuple(details)))


async def _withdraw_others(tx: Transaction, slugs: Iterable[str]) -> list[Change]:
    changes = []
    for slug, event_id in await tx.fetch_all(queries.others_to_withdraw, {"slugs": list(slugs)}):
        await tx.execute(queries.withdraw_event, {"event": event_id})
        changes.append(await _told(tx, Change(slug, event_id, "withdrawn", ("the file does not name it",))))
    return changes


async def _told(tx: Transaction, change: Change) -> Change:
    """The change, once it is in the outbox."""
    payload = {"event_id": change.event_id, "slug": change.slug, "details": list(change.details)}
    await tx.execute(queries.tell, {"type": f"event.{change.action}", "payload": payload})
    return change


async def _announce(tx: Transaction, events: Sequence[int]) -> None:
    """Tell every process which events to read anew; an empty list means all of them."""
    if events:
        named = events if len(events) <= _NOTIFY_MOST else []
        await tx.execute(queries.notify_catalogue, {"events": orjson.dumps(named).decode()})
