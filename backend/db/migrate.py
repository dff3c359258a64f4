"""Brings the schema up to date: plain SQL files, forward only, each applied once and in the order of their numbers.

`NNNN_pre_what.sql` widens the schema so that the running and the coming version both work; it goes before a rollout.
`NNNN_post_what.sql` takes away what only the old version needed; it goes after. A file is one transaction, together
with the row that records it. A file that begins with `-- no-transaction` holds a single statement that cannot run in
one (CREATE INDEX CONCURRENTLY IF NOT EXISTS …) and may be run again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count, takewhile
from pathlib import Path
from typing import Final, Literal

from backend.db.driver import Connection, connect
from backend.db.errors import LockTimeout, Rejected
from backend.db.options import DatabaseOptions
from backend.db.pool import Database

Phase = Literal["pre", "post", "all"]
Log = Callable[[str], None]
Applied = list[tuple[int, str, str]]  # version, name, checksum

MIGRATIONS: Final = Path(__file__).parent / "migrations"

_log = logging.getLogger(__name__)

_FILE = re.compile(r"(\d{4})_(pre|post)_\w+\.sql")
_LOCK = 0x74_69_63_6B_65_74_73  # an advisory lock belongs to one database, so any number does
_LOCK_POLL = 0.2
_LOCK_PATIENCE = 120.0
_LOCK_TIMEOUT = 2.0  # a waiting ALTER TABLE makes every later query wait behind it
_ATTEMPTS = 15
_PAUSE = 2.0
_UNDEFINED_TABLE = "42P01"

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
_APPLIED = "SELECT version, name, checksum FROM schema_migrations ORDER BY version"
_INVALID_INDEXES = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1"


class MigrationError(Exception):
    """The schema cannot be brought up to date; says which file and what to do."""


@dataclass(frozen=True)
class Migration:
    """One file."""

    version: int
    phase: str
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        return sha256(self.sql.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        return not self.sql.startswith("-- no-transaction")

    @property
    def record(self) -> str:
        """SQL that notes it as applied. Spelled out, as a file may hold any % and so cannot have parameters."""
        return f"INSERT INTO schema_migrations VALUES ({self.version}, '{self.name}', '{self.checksum}')"  # noqa: S608 - names that were checked


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """All files in order. MigrationError when a name is malformed, or a number is missing or there twice."""
    migrations = [_read(path) for path in sorted(folder.glob("*.sql"))]
    for expected, migration in enumerate(migrations, start=1):
        if migration.version != expected:
            raise MigrationError(f"{migration.name}: expected number {expected:04}; numbers go up by one, each once")
    return migrations


def required_version(folder: Path = MIGRATIONS) -> int:
    """The version that the schema must have reached for this code to run: the last `pre` file's."""
    return max((migration.version for migration in read_migrations(folder) if migration.phase == "pre"), default=0)


async def schema_version(db: Database) -> int:
    """The last version that was applied; 0 in an empty database."""
    return max((version for version, *_ in await _applied(db)), default=0)


async def migrate(dsn: str, phase: Phase = "all", log: Log = _log.info, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is pending of a phase and return the names. Runs at the same time take turns.

    A phase never overtakes the other: what stands in its way is a MigrationError. An empty database gets everything,
    as no older version can be running on it.
    """
    migrations = read_migrations(folder)
    connection = await connect(
        DatabaseOptions(
            dsn=dsn,
            application_name="aegistickets-migrate",
            lock_timeout=_LOCK_TIMEOUT,
            statement_timeout=0,
            client_timeout=0,
            idle_in_transaction_timeout=0,
        )
    )
    try:
        await _take_turn(connection, log)
        await connection.execute(_TABLE)
        applied: Applied = [(row[0], row[1], row[2]) for row in await connection.fetch(_APPLIED)]
        to_apply = _plan(migrations, applied, phase)
        for migration in to_apply:
            log(f"applying {migration.name}")
            await _apply(connection, migration, log)
        return [migration.name for migration in to_apply]
    finally:
        connection.close()


def _read(path: Path) -> Migration:
    match = _FILE.fullmatch(path.name)
    if match is None:
        raise MigrationError(f"{path.name}: a migration is called NNNN_pre_what.sql or NNNN_post_what.sql")
    return Migration(int(match[1]), match[2], path.stem, path.read_text(encoding="utf-8"))


async def _applied(db: Database) -> Applied:
    try:
        rows = await db.fetch_all(_APPLIED, retry=True)
    except Rejected as error:
        if error.sqlstate == _UNDEFINED_TABLE:
            return []
        raise
    return [(row[0], row[1], row[2]) for row in rows]


async def _take_turn(connection: Connection, log: Log) -> None:
    """Wait for another run to end. Trying again and again, as a waiting statement would block CONCURRENTLY's wait."""
    for attempt in count():
        rows = await connection.fetch("SELECT pg_try_advisory_lock(%(key)s)", {"key": _LOCK})
        if rows[0][0]:
            return
        waited = attempt * _LOCK_POLL
        if waited >= _LOCK_PATIENCE:
            raise MigrationError(f"another migration run has been busy for {waited:.0f} s; see what it is doing")
        if attempt % 25 == 0:
            log(f"waiting for another migration run to end ({waited:.0f} s)")
        await asyncio.sleep(_LOCK_POLL)


def _plan(migrations: Sequence[Migration], applied: Applied, phase: Phase) -> list[Migration]:
    """What to apply now, given what the database says was applied."""
    _check_history(migrations, applied)
    waiting = list(migrations[len(applied) :])
    if phase == "all" or not applied:
        return waiting
    ready = list(takewhile(lambda migration: migration.phase == phase, waiting))
    behind = waiting[len(ready) :]
    if phase == "post" and behind and not ready:
        raise MigrationError(f"{behind[0].name} comes first: run phase pre and roll out, then phase post")
    if phase == "pre" and any(migration.phase == "pre" for migration in behind):
        raise MigrationError(f"{behind[0].name} of an earlier release comes first: run phase post of that release")
    return ready


def _check_history(migrations: Sequence[Migration], applied: Applied) -> None:
    for expected, (version, name, checksum) in enumerate(applied, start=1):
        if version != expected:
            raise MigrationError(f"number {expected:04} was never applied, although {name} was")
        if version <= len(migrations):
            _check_same(migrations[version - 1], name, checksum)
        elif "_pre_" not in name:
            # What only widened the schema leaves this older version working: a rollback must stay possible.
            raise MigrationError(f"{name} has been applied, but this version does not know it: use a newer version")


def _check_same(migration: Migration, name: str, checksum: str) -> None:
    if name != migration.name:
        raise MigrationError(f"{name} has been applied, but this version knows that number as {migration.name}")
    if checksum != migration.checksum:
        raise MigrationError(f"{name}.sql was changed after it was applied: restore it and write a new migration")


async def _apply(connection: Connection, migration: Migration, log: Log) -> None:
    for attempt in range(_ATTEMPTS):
        if attempt:
            await asyncio.sleep(_PAUSE * random.uniform(0.5, 1.5))  # noqa: S311 (lets the queue behind us pass)
        try:
            return await _run(connection, migration)
        except LockTimeout as error:
            log(f"{migration.name}: {error} (attempt {attempt + 1} of {_ATTEMPTS})")
        except Rejected as error:
            line = f", line {migration.sql.count(chr(10), 0, error.position - 1) + 1}" if error.position else ""
            raise MigrationError(f"{migration.name}.sql{line}: {error} ({error.sqlstate})") from error
    raise MigrationError(f"{migration.name}.sql: others held its locks in all {_ATTEMPTS} attempts; run it later")


async def _run(connection: Connection, migration: Migration) -> None:
    if migration.in_transaction:
        await connection.execute(f"{migration.sql}\n;{migration.record}")
        return
    await connection.execute(migration.sql)
    invalid = [str(row[0]) for row in await connection.fetch(_INVALID_INDEXES)]
    if invalid:
        # IF NOT EXISTS is content with the useless index that an interrupted run has left.
        raise MigrationError(f"{migration.name}.sql: drop the unfinished index {', '.join(invalid)} and run again")
    await connection.execute(migration.record)
