"""Brings the shop to what an event file says: nothing unless all of it can be done, then one event after another.

Each event is a transaction of its own, so that a long file never keeps a pool from being sold for longer than its own
event takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import orjson

from backend.db.errors import DatabaseError
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


class StoppedError(ValueError):
    """The file was applied in part. It says what is done, and that applying the file again does the rest."""

    def __init__(self, error: Exception, at: str, done: Sequence[Change]) -> None:
        slugs = [change.slug for change in done if change.action != "unchanged"]
        events = f"{len(slugs)} event{'' if len(slugs) == 1 else 's'}"
        super().__init__(
            f"{error}\nstopped at {at}; {events} changed before it: {', '.join(slugs) or 'none'}\n"
            "apply the file again to go on: what is done stays as it is"
        )


async def apply_events(db: Database, path: Path, *, now: datetime) -> list[Change]:
    """Publish, change, withdraw and cancel events as the file says; the second time it changes nothing.

    Raises EventFileError, having changed nothing, when the file is wrong or asks for what cannot be done; StoppedError
    when the database fails in the middle, or somebody buys the last ticket that was to go.
    """
    plan = read_plans(path, now)
    known = await _known(db, plan.events)
    await _rehearse(db, [event for event in plan.events if not _is_done(event, known, now)], known, now)
    others = await db.fetch_all(queries.others_to_withdraw, {"slugs": [event.slug for event in plan.events]})
    changes: list[Change] = []
    at = ""
    try:
        for event in plan.events:
            at = event.slug
            changes.append(_unchanged(event, known) if _is_done(event, known, now) else await _apply(db, event, now))
        for at, event_id in others if plan.prune else ():
            changes.append(await _withdraw(db, at, event_id))
    except (DatabaseError, EventFileError) as error:
        if not changes:
            raise
        with suppress(DatabaseError):
            await _announce(db, changes)
        raise StoppedError(error, at, changes) from error
    await _announce(db, changes)
    return changes


async def _rehearse(db: Database, plans: Sequence[EventPlan], known: Mapping[str, _Known], now: datetime) -> None:
    """EventFileError with all that cannot be done as things are. It locks nothing: the shop goes on selling."""
    problems: list[str] = []
    for plan in plans:
        async with db.transaction() as tx:
            publication = Publication(tx, plan, now, rehearsal=True)
            try:
                await (publication.change(known[plan.slug].id) if plan.slug in known else publication.publish())
            except EventFileError as error:
                problems += error.problems
    if problems:
        raise EventFileError(*problems)


async def _known(db: Database | Transaction, plans: Sequence[EventPlan]) -> dict[str, _Known]:
    """The events of the file that the shop has already; EventFileError for a number that another one has."""
    wanted = {plan.id: plan for plan in plans if plan.id is not None}
    rows = await db.fetch_all(queries.known_events, {"slugs": [plan.slug for plan in plans], "ids": list(wanted)})
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


def _is_done(plan: EventPlan, known: Mapping[str, _Known], now: datetime) -> bool:
    """Whether the shop has the event as it is planned.

    One with relative times moves on once it is over, so that a demonstration never runs out of events.
    """
    old = known.get(plan.slug)
    return old is not None and old.checksum == plan.checksum and not (plan.relative and old.starts_at <= now)


def _unchanged(plan: EventPlan, known: Mapping[str, _Known]) -> Change:
    return Change(plan.slug, known[plan.slug].id, "unchanged")


async def _apply(db: Database, plan: EventPlan, now: datetime) -> Change:
    async with db.transaction() as tx:
        await tx.execute(queries.lock_event_files)
        known = await _known(tx, [plan])  # another file may have been there meanwhile
        if _is_done(plan, known, now):
            return _unchanged(plan, known)
        if plan.slug not in known:
            event_id = await Publication(tx, plan, now).publish()
            return await _told(tx, Change(plan.slug, event_id, plan.status))
        event_id = known[plan.slug].id
        status, details = await Publication(tx, plan, now).change(event_id)
        if not details:
            return _unchanged(plan, known)
        action: Action = plan.status if status != plan.status else "changed"
        return await _told(tx, Change(plan.slug, event_id, action, tuple(details)))


async def _withdraw(db: Database, slug: str, event_id: int) -> Change:
    async with db.transaction() as tx:
        await tx.execute(queries.lock_event_files)
        await tx.execute(queries.lock_event, {"event": event_id})
        await tx.execute(queries.withdraw_event, {"event": event_id})
        await tx.execute(queries.close_event, {"event": event_id})
        return await _told(tx, Change(slug, event_id, "withdrawn", ("the file does not name it",)))


async def _told(tx: Transaction, change: Change) -> Change:
    """The change, once it is in the outbox."""
    payload = {"event_id": change.event_id, "slug": change.slug, "details": list(change.details)}
    await tx.execute(queries.tell, {"type": f"event.{change.action}", "payload": payload})
    return change


async def _announce(db: Database, changes: Sequence[Change]) -> None:
    """Tell every process which events to read anew; an empty list means all of them.

    Once for the whole file. Without it they read them within seconds by themselves.
    """
    events = [change.event_id for change in changes if change.action != "unchanged"]
    if events:
        named = events if len(events) <= _NOTIFY_MOST else []
        await db.execute(queries.notify_catalogue, {"events": orjson.dumps(named).decode()})
