"""Who may use which connection when: in order of arrival, the urgent first, and never behind one being opened."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from itertools import chain
from typing import Protocol

from backend.db.driver import Connection, connect
from backend.db.errors import Busy, Unavailable
from backend.db.options import DatabaseOptions

_OPENED_AT_ONCE = 2  # more would only add to the load of a server that has just come back
_PAUSE = 0.1  # seconds between a failed attempt and the next

_Line = deque["asyncio.Future[Connection]"]


class PoolMetrics(Protocol):
    """Where the pool reports what it sees; called on each statement, so it has to be cheap."""

    def connections(self, used: int, idle: int, /) -> None:
        """How many connections are in use and how many wait for work, whenever that changes."""

    def busy(self, seconds: float, /) -> None:
        """A connection came back after this long."""

    def waited(self, seconds: float, /) -> None:
        """A caller got a connection after this long; 0 when one was free."""

    def timed_out(self) -> None:
        """A caller got none."""


class NoMetrics:
    """Keeps nothing."""

    def connections(self, used: int, idle: int, /) -> None: ...
    def busy(self, seconds: float, /) -> None: ...
    def waited(self, seconds: float, /) -> None: ...
    def timed_out(self) -> None: ...


class Gate:
    """Lends connections.

    aiopg's own pool holds its lock while it connects, lets newcomers overtake and counts idle time instead of age, so
    only its connections are used. Here a connection that comes back goes straight to whoever has waited longest, but
    to the urgent before all others.
    """

    def __init__(self, options: DatabaseOptions, metrics: PoolMetrics) -> None:
        self._options = options
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._free: list[Connection] = []
        self._used: dict[Connection, float] = {}  # and since when
        self._urgent: _Line = deque()
        self._waiting: _Line = deque()
        self._opening: set[asyncio.Task[None]] = set()
        self._refused = Unavailable("not connected yet")  # why the last attempt failed
        self._pause: asyncio.TimerHandle | None = None  # runs after a failed attempt
        self._closing = False
        self._drained = asyncio.Event()

    @property
    def size(self) -> int:
        """Open connections."""
        return len(self._free) + len(self._used)

    def take(self) -> Connection | None:
        """A free connection, or None when one has to wait(). Never awaits, which keeps the common case cheap."""
        while self._free:
            connection = self._free.pop()
            if not connection.closed:
                self._metrics.waited(0.0)
                return self._lend(connection)
            connection.close()
        return None

    async def wait(self, *, urgent: bool = False) -> Connection:
        """The next connection, after everyone who came before. Busy or Unavailable after at most gate_timeout.

        urgent: only after the urgent who came before; for a statement on which many customers wait together.
        """
        line = self._urgent if urgent else self._waiting
        self._admit(line)
        turn: asyncio.Future[Connection] = self._loop.create_future()
        line.append(turn)
        self._open_for_waiting()
        arrived = self._loop.time()
        timer = self._loop.call_later(self._options.gate_timeout, self._turn_away, turn)
        try:
            connection = await turn
        except BaseException:
            # Only here: whoever was served has left the line, and to look through a long one for each would be slow.
            with suppress(ValueError):
                line.remove(turn)
            # It may have been served in the very moment it was cancelled.
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.release(turn.result())
            raise
        finally:
            timer.cancel()
        self._metrics.waited(self._loop.time() - arrived)
        return connection

    def release(self, connection: Connection) -> None:
        """Give a connection back. One that is broken, too old or still in a transaction is closed instead."""
        now = self._loop.time()
        self._metrics.busy(now - self._used.pop(connection))
        if not connection.idle:
            connection.close()
            self._open_for_waiting()
        elif now > connection.expires_at:
            connection.close()
            self._open()
        else:
            self._hand_over(connection)
        if self._closing and not self._used:
            self._drained.set()
        self._report()

    async def warm(self) -> None:
        """Open every connection, so that no customer waits for that. Unavailable when an attempt fails."""
        while self.size < self._options.maxsize:
            if self._closing:
                raise Unavailable("closing")
            self._open()
            await asyncio.wait(self._opening, return_when=asyncio.FIRST_COMPLETED)
            if self._pause is not None:
                raise Unavailable(str(self._refused))

    async def close(self, patience: float) -> None:
        """Lend no more, give those in use `patience` seconds to come back, then break them off."""
        self._closing = True
        if self._pause is not None:
            self._pause.cancel()
        for task in self._opening:
            task.cancel()
        self._fail_waiting(Unavailable("closing"))
        while self._free:
            self._free.pop().close()
        if self._used:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), patience)
        for connection in self._used:
            connection.close()

    def _admit(self, line: _Line) -> None:
        if self._closing:
            raise Unavailable("closing")
        if self._pause is not None and not self.size:
            raise Unavailable(str(self._refused))
        if len(line) >= self._options.max_waiting:
            self._metrics.timed_out()
            raise Busy(f"{len(line)} others are waiting for a connection")

    def _turn_away(self, turn: asyncio.Future[Connection]) -> None:
        if turn.done():
            return
        self._metrics.timed_out()
        waited = f"no connection within {self._options.gate_timeout} s"
        turn.set_exception(Busy(waited) if self.size else Unavailable(waited))

    def _hand_over(self, connection: Connection) -> None:
        while line := self._urgent or self._waiting:
            turn = line.popleft()
            if not turn.done():
                turn.set_result(self._lend(connection))
                return
        if self._closing:
            connection.close()
        else:
            self._free.append(connection)

    def _lend(self, connection: Connection) -> Connection:
        self._used[connection] = self._loop.time()
        self._report()
        return connection

    def _report(self) -> None:
        self._metrics.connections(len(self._used), len(self._free))

    def _fail_waiting(self, error: Unavailable) -> None:
        for turn in chain(self._urgent, self._waiting):
            if not turn.done():
                turn.set_exception(Unavailable(str(error)))

    def _open_for_waiting(self) -> None:
        if (self._urgent or self._waiting) and self._pause is None:
            self._open()

    def _open(self) -> None:
        """Start opening connections in the background, unless enough are open or being opened."""
        if self._closing or len(self._opening) >= _OPENED_AT_ONCE:
            return
        if self.size + len(self._opening) < self._options.maxsize:
            task = self._loop.create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opened)

    async def _connect(self) -> None:
        try:
            connection = await connect(self._options)
        except Unavailable as error:
            self._refused = error
            if self._pause is None:
                self._pause = self._loop.call_later(_PAUSE, self._resume)
            if not self.size:
                self._fail_waiting(error)
        else:
            self._hand_over(connection)
            self._report()

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        self._open_for_waiting()

    def _resume(self) -> None:
        self._pause = None
        self._open_for_waiting()
