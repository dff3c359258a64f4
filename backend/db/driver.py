"""One connection through aiopg: statements in, rows or typed errors out. Only this module knows aiopg and psycopg2.

Values come and go as Python has them: uuid as UUID, timestamptz as aware datetime in UTC, numeric as Decimal, arrays as
lists, json and jsonb as orjson parses them; a dict given as a parameter becomes JSON. A query that passes JSON on
unread casts it to text, which saves the parsing. In a statement with parameters, and only there, a literal % is %%.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import aiopg
import aiopg.connection
import orjson
import psycopg2
from psycopg2 import extensions, extras

from backend.db.errors import ConnectionLost, DatabaseError, LockTimeout, NoAnswer, QueryTimeout, Rejected, Unavailable
from backend.db.options import DatabaseOptions

Row = tuple[Any, ...]
Params = Mapping[str, object]

_ARGUMENTS: Mapping[str, Any] = {
    # aiopg's own timeout would cost a task switch per statement, its adaptations a set-up or a query per connection.
    "timeout": None,
    "enable_json": False,
    "enable_hstore": False,
    "enable_uuid": False,
    # A host can vanish without a word, as in a failover: an idle connection notices in 19 s, a sending one in 5 s.
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
    "target_session_attrs": "read-write",
    "gssencmode": "disable",
}
_LOCK_FIGHTS = {"55P03", "40P01", "40001"}  # lock_timeout, deadlock, serialization failure
_SESSION_ENDED = {"57P01", "57P02", "57P05", "25P03", "25P04"}  # shutdown, crash, the three idle and transaction limits
_READ_ONLY = "25006"  # the old primary after a failover
_BAD_CHARACTER = "22021"


def _must_be_open(descriptors: Iterable[int], *_: object) -> None:
    for descriptor in descriptors:
        os.fstat(descriptor)


# When a connection breaks, aiopg asks select() whether its descriptor is still open. select() refuses numbers over
# 1023: in a process with a thousand customers the statement would hang, and the event loop go on watching a number that
# soon belongs to somebody else.
vars(aiopg.connection)["select"] = SimpleNamespace(select=_must_be_open)

extras.register_uuid()
extras.register_default_json(globally=True, loads=orjson.loads)
extras.register_default_jsonb(globally=True, loads=orjson.loads)
extensions.register_adapter(dict, lambda value: extras.Json(value, dumps=lambda it: orjson.dumps(it).decode()))


class Connection:
    """An open connection; one statement at a time."""

    __slots__ = ("_aiopg", "_cursor", "_gave_up", "_loop", "_session", "_timeout", "expires_at")

    def __init__(self, connection: Any, cursor: Any, options: DatabaseOptions) -> None:
        self._aiopg = connection
        self._session = connection.raw
        self._cursor = cursor
        self._timeout = options.client_timeout
        self._gave_up = False
        self._loop = asyncio.get_running_loop()
        self.expires_at = self._loop.time() + options.max_age * random.uniform(0.8, 1.2)  # noqa: S311 (spreads load)

    @property
    def closed(self) -> bool:
        return bool(self._session.closed)

    @property
    def idle(self) -> bool:
        """Open and in no transaction."""
        return not self.closed and bool(self._session.get_transaction_status() == extensions.TRANSACTION_STATUS_IDLE)

    @property
    def failed(self) -> bool:
        """In a transaction of which a statement failed: COMMIT would quietly roll it back."""
        return bool(self._session.get_transaction_status() == extensions.TRANSACTION_STATUS_INERROR)

    async def fetch(self, sql: str, params: Params | None = None) -> list[Row]:
        """All rows of the (last) statement."""
        await self._send(sql, params)
        rows: list[Row] = self._cursor.raw.fetchall()
        return rows

    async def execute(self, sql: str, params: Params | None = None) -> int:
        """How many rows the (last) statement touched."""
        await self._send(sql, params)
        return int(self._cursor.raw.rowcount)

    async def notification(self) -> tuple[str, str]:
        """Channel and payload of the next NOTIFY, waiting for it; ConnectionLost when none can come any more."""
        try:
            notify = await self._aiopg.notifies.get()
        except psycopg2.Error as error:
            raise self._typed(error) from error
        return notify.channel, notify.payload

    def notifications(self) -> list[tuple[str, str]]:
        """Channel and payload of each NOTIFY that has arrived and was not read yet."""
        queue = self._aiopg.notifies
        waiting = (queue.get_nowait() for _ in range(queue.qsize()))
        return [(notify.channel, notify.payload) for notify in waiting]

    def password_verifier(self, user: str, password: str) -> str:
        """What the server keeps of a password, computed here: neither the server nor its log ever sees the password."""
        return str(extensions.encrypt_password(password, user, self._session, "scram-sha-256"))

    def close(self) -> None:
        """The server rolls back what is open, and ends the statement within connection_check_interval."""
        self._aiopg.close()

    async def _send(self, sql: str, params: Params | None) -> None:
        watchdog = self._loop.call_later(self._timeout, self._give_up) if self._timeout else None
        try:
            await self._cursor.execute(sql, params or None)
        except psycopg2.Error as error:
            raise self._typed(error) from error
        except ValueError as error:
            raise Rejected(str(error), _BAD_CHARACTER) from error
        except asyncio.CancelledError as cancelled:
            # aiopg turns the server's "canceling statement" into a cancellation of the task that nobody asked for.
            if isinstance(cancelled.__context__, extensions.QueryCanceledError):
                raise QueryTimeout(_message(cancelled.__context__)) from None
            raise
        finally:
            if watchdog is not None:
                watchdog.cancel()
        if self._gave_up:  # in the very turn of a held-up event loop in which the answer came; it cannot be read now
            raise self._no_answer()

    def _give_up(self) -> None:
        self._gave_up = True
        self.close()

    def _no_answer(self) -> NoAnswer:
        return NoAnswer(f"no answer within {self._timeout} s")

    def _typed(self, error: Any) -> DatabaseError:
        message, state = _message(error), error.pgcode or ""
        if self._gave_up:
            return self._no_answer()
        if self.closed or state in _SESSION_ENDED:
            # Here and now, so that its descriptor leaves the event loop before the number has another owner.
            self.close()
            return ConnectionLost(message)
        if state in _LOCK_FIGHTS:
            return LockTimeout(message)
        if state == _READ_ONLY:
            self.close()
            return Unavailable(message)
        if state.startswith("53"):  # out of connections, memory or disk
            return Unavailable(message)
        position = error.diag.statement_position
        return Rejected(message, state, error.diag.constraint_name, int(position) if position else None)


def signed_in_as(dsn: str, user: str, password: str) -> str:
    """The same database, by another login."""
    return str(extensions.make_dsn(dsn, user=user, password=password))


async def connect(options: DatabaseOptions) -> Connection:
    """Open a connection, in at most connect_timeout; Unavailable when that fails."""
    try:
        # libpq ignores its own connect_timeout in asynchronous mode.
        async with asyncio.timeout(options.connect_timeout or None):
            connection = await aiopg.connect(
                options.dsn, **_ARGUMENTS, **_session(options), **await _addresses(options)
            )
    except TimeoutError:
        raise Unavailable(f"no connection within {options.connect_timeout} s") from None
    except (psycopg2.Error, OSError) as error:
        raise Unavailable(_message(error)) from error
    return Connection(connection, await connection.cursor(), options)


def _session(options: DatabaseOptions) -> dict[str, Any]:
    return {"application_name": options.application_name, "options": options.session_settings()}


async def _addresses(options: DatabaseOptions) -> dict[str, Any]:
    """The host's addresses, looked up in a thread: libpq would stop the whole event loop while it waits for DNS."""
    parts = extensions.parse_dsn(options.dsn)
    host = parts.get("host", "")
    if not host or "hostaddr" in parts or "," in host or host.startswith(("/", "@")):
        return {}
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    return {"host": ",".join([host] * len(addresses)), "hostaddr": ",".join(addresses)}


def _message(error: Any) -> str:
    """What happened in one line, without the DETAIL, which may quote a customer's data."""
    diagnostics = getattr(error, "diag", None)
    return str(getattr(diagnostics, "message_primary", None) or error).strip().partition("\n")[0]
