"""The commands that do one thing and end: migrate, rotate, seed, events, redrive, check, prescale, probe."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from backend.db.logins import Login, allow
from backend.db.migrate import migrate
from backend.db.pool import Database
from backend.features.catalogue.apply import Change, apply_events
from backend.features.catalogue.seed import seed
from backend.features.inventory.sweeps import broken_invariants
from backend.messaging.upkeep import redrive
from backend.parts import aws_options, checking_database
from backend.prescaling import Cluster, Plan, prescale
from backend.probe import buy_and_give_back, probe_event
from backend.rotation import rotate
from backend.settings import Settings

Chore = Callable[[Settings, Namespace], Coroutine[object, object, int]]


async def migrate_schema(settings: Settings, options: Namespace) -> int:
    """Bring the schema up to date."""
    applied = await migrate(settings.database_url, options.phase, _say)
    _say(f"{len(applied)} migrations applied" if applied else "the schema is up to date")
    if options.login:
        login = Login.from_json(options.login.read_text(encoding="utf-8"))
        await allow(settings.database_url, login)
        _say(f"{login.user} may log in")
    return 0


async def rotate_login(settings: Settings, options: Namespace) -> int:
    """Give the application a new password; the one in force stays valid until the next time."""
    login = await rotate(settings.database_url, options.secret, aws_options(settings))
    _say(f"{login.user} may log in, and is what {options.secret} says now")
    return 0


async def seed_catalogue(settings: Settings, _options: Namespace) -> int:
    """Publish the demo catalogue."""
    async with _database(settings) as database:
        _report(await seed(database, environment=settings.environment, now=datetime.now(UTC)))
    return 0


async def apply_file(settings: Settings, options: Namespace) -> int:
    """Publish, change and withdraw events as a file says."""
    async with _database(settings) as database:
        _report(await apply_events(database, options.file, now=datetime.now(UTC)))
    return 0


async def redrive_letters(settings: Settings, options: Namespace) -> int:
    """Give dead letters another try."""
    async with _database(settings) as database:
        _say(f"{await redrive(database, options.sink)} deliveries will be tried again")
    return 0


async def check_invariants(settings: Settings, _options: Namespace) -> int:
    """Print what is wrong with stock, orders and money; 1 when anything is."""
    async with _database(settings) as database:
        broken = await broken_invariants(database)
    for each in broken:
        _say(str(each))
    _say(f"{len(broken)} invariants broken" if broken else "stock, orders and money agree")
    return 1 if broken else 0


async def scale_ahead(settings: Settings, options: Namespace) -> int:
    """Have pods ready for the sales that open soon."""
    plan = Plan(
        least=options.least,
        most=options.most,
        tickets_a_pod=options.tickets_a_pod,
        lead=timedelta(minutes=options.lead_minutes),
        stay=timedelta(minutes=options.stay_minutes),
    )
    cluster = Cluster.of_pod(os.environ)
    async with _database(settings) as database:
        pods = await prescale(database, cluster, options.autoscaler, plan, datetime.now(UTC))
    _say(f"{options.autoscaler} has at least {pods} pods")
    return 0


async def buy_a_probe(settings: Settings, _options: Namespace) -> int:
    """Buy a ticket and give it back at PUBLIC_URL."""
    async with _database(settings) as database:
        event_id = await probe_event(database)
    took = await buy_and_give_back(settings.public_url, event_id)
    _say(", ".join(f"{step} {seconds * 1000:.0f} ms" for step, seconds in took.items()))
    return 0


COMMANDS: Mapping[str, Chore] = {
    "migrate": migrate_schema,
    "rotate": rotate_login,
    "seed": seed_catalogue,
    "events": apply_file,
    "redrive": redrive_letters,
    "check": check_invariants,
    "prescale": scale_ahead,
    "probe": buy_a_probe,
}


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = await checking_database(settings)
    try:
        yield database
    finally:
        await database.close()


def _report(changes: list[Change]) -> None:
    for change in changes:
        _say(str(change))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
