"""The application's way to PostgreSQL: statements and transactions on pooled connections, with bounded waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from backend.db.driver import Connection, Params, Row
from backend.db.errors import ConnectionLost, DatabaseError, NoAnswer, Rejected
from backend.db.gate import Gate, NoMetrics, PoolMetrics
from backend.db.options import DatabaseOptions

__all__ = ["Database", "DatabaseOptions", "Params", "PoolMetrics", "Row", "Transaction"]

Answer = TypeVar("Answer")
Statement = Callable[[Connection, str, Params], Awaitable[Answer]]

_NO_PARAMS: Params = {}
_TRANSACTION_ABORTED = "25P02"


class Database:
    """A bounded number of connections to one database. Every method raises what `backend.db.errors` lists.

    One call is one round trip. It may hold several statements: they succeed or fail together, and the last one answers.
    """

    def __init__(self, options: DatabaseOptions, metrics: PoolMetrics) -> None:
        self._gate = Gate(options, metrics)

    @classmethod
    async def open(cls, options: DatabaseOptions, metrics: PoolMetrics | None = None) -> Database:
        """A database that connects when it is needed, so the process starts while PostgreSQL is away; see `warm`."""
        return cls(options, metrics or NoMetrics())

    async def warm(self) -> None:
        """Open all connections before the first customer comes; Unavailable when that fails (call it again)."""
        await self._gate.warm()

    async def close(self, patience: float = 5.0) -> None:
        """Let what runs finish for `patience` seconds, then break it off (ConnectionLost)."""
        await self._gate.close(patience)

    async def fetch_all(
        self, sql: str, params: Params = _NO_PARAMS, *, retry: bool = False, urgent: bool = False
    ) -> list[Row]:
        """All rows. retry: once more after a lost connection; only for what may safely happen twice.

        urgent: before all who wait and are not; for a statement that carries out the requests of many customers.
        """
        return await self._run(Connection.fetch, sql, params, retry=retry, urgent=urgent)

    async def fetch_one(self, sql: str, params: Params = _NO_PARAMS, *, retry: bool = False) -> Row | None:
        """The first row, None without one."""
        return _first(await self._run(Connection.fetch, sql, params, retry=retry))

    async def fetch_value(self, sql: str, params: Params = _NO_PARAMS, *, retry: bool = False) -> Any:
        """The first column of the first row, None without one."""
        return _value(await self._run(Connection.fetch, sql, params, retry=retry))

    async def execute(self, sql: str, params: Params = _NO_PARAMS, *, retry: bool = False) -> int:
        """How many rows it touched."""
        return await self._run(Connection.execute, sql, params, retry=retry)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Everything in the block or nothing, on one connection; an exception rolls back.

        It holds a connection and locks, so never await anything but its own statements in it, least of all `Database`.
        """
        connection = self._gate.take() or await self._gate.wait()
        try:
            transaction = Transaction(connection)
            try:
                yield transaction
                await transaction.commit()
            except Exception:
                await transaction.roll_back()
                raise
        finally:
            # A cancelled block comes here without a rollback: the gate closes a connection that is in a transaction.
            self._gate.release(connection)

    async def _run(
        self, statement: Statement[Answer], sql: str, params: Params, *, retry: bool, urgent: bool = False
    ) -> Answer:
        try:
            return await self._once(statement, sql, params, urgent=urgent)
        except ConnectionLost as lost:
            if not retry or isinstance(lost, NoAnswer):
                raise
        return await self._once(statement, sql, params, urgent=urgent)

    async def _once(self, statement: Statement[Answer], sql: str, params: Params, *, urgent: bool) -> Answer:
        connection = self._gate.take() or await self._gate.wait(urgent=urgent)
        try:
            return await statement(connection, sql, params)
        finally:
            self._gate.release(connection)


class Transaction:
    """The statements of one `Database.transaction()` block."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._begun = False

    async def fetch_all(self, sql: str, params: Params = _NO_PARAMS) -> list[Row]:
        """All rows."""
        return await self._connection.fetch(self._begin(sql), params)

    async def fetch_one(self, sql: str, params: Params = _NO_PARAMS) -> Row | None:
        """The first row, None without one."""
        return _first(await self.fetch_all(sql, params))

    async def fetch_value(self, sql: str, params: Params = _NO_PARAMS) -> Any:
        """The first column of the first row, None without one."""
        return _value(await self.fetch_all(sql, params))

    async def execute(self, sql: str, params: Params = _NO_PARAMS) -> int:
        """How many rows it touched."""
        return await self._connection.execute(self._begin(sql), params)

    async def commit(self) -> None:
        """Make it last. Rejected if a statement had failed, even if the block went on."""
        if self._connection.failed:
            raise Rejected("a statement of this transaction failed, so nothing was committed", _TRANSACTION_ABORTED)
        if self._begun:
            await self._connection.execute("COMMIT")

    async def roll_back(self) -> None:
        """Undo it. A connection on which that fails is closed by its owner, which undoes it as well."""
        if self._begun and not self._connection.closed:
            with suppress(DatabaseError):
                await self._connection.execute("ROLLBACK")

    def _begin(self, sql: str) -> str:
        """BEGIN rides in front of the first statement and saves a round trip."""
        if self._begun:
            return sql
        self._begun = True
        return f"BEGIN;{sql}"


def _first(rows: list[Row]) -> Row | None:
    return rows[0] if rows else None


def _value(rows: list[Row]) -> Any:
    return rows[0][0] if rows else None
