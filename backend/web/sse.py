"""Live state by server-sent events: each client is owed the newest state of its topic, never a queue of old ones."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from backend.web.client import client_address
from backend.web.problems import Problem

_PING = b": still here\n\n"
_BATCH = 100  # clients woken in one turn of the event loop, so that thousands do not hold up everyone's requests
_IDLE_TOPICS = 1000  # whose last state is kept although nobody watches
_SEND_BUFFER = 16 * 1024  # bytes in the kernel; what waits there for a slow client can no longer be replaced
_SECOND = 1.0

_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would collect events otherwise
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HubOptions:
    """max_clients: beyond which a stream is 503. max_per_address: beyond which one of its own is 429; 0 for any number.

    Times are in seconds.

    pause: between two states of one topic. ping: silence after which a client gets a comment. stall: after which a
    client that takes nothing is given up.
    """

    max_clients: int = 2500
    max_per_address: int = 0
    pause: float = 0.25
    ping: float = 15.0
    stall: float = 30.0


class _Client:
    """One open stream."""

    __slots__ = ("address", "busy_since", "owed", "ping_at", "request", "version", "wake")

    def __init__(self, request: web.Request, address: str, ping_at: float) -> None:
        self.request = request
        self.address = address
        self.wake = asyncio.Event()
        self.owed = b""
        self.version = 0
        self.ping_at = ping_at
        self.busy_since: float | None = None

    def owe(self, frame: bytes, version: int) -> None:
        """Have this sent next, in place of anything older that is still unsent."""
        if version >= self.version:
            self.version = version
            self.owed = frame
            self.wake.set()

    def hang_up(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()
        self.wake.set()


class _Topic:
    """The newest state of one thing and who watches it."""

    __slots__ = ("clients", "frame", "sent_at", "timer", "version")

    def __init__(self) -> None:
        self.clients: set[_Client] = set()
        self.frame = b""
        self.version = 0
        self.sent_at = 0.0
        self.timer: asyncio.TimerHandle | None = None


class Hub:
    """Streams by topic. A frame is encoded once, whoever gets it."""

    def __init__(self, options: HubOptions | None = None, trusted_hops: int = 0) -> None:
        self._options = options or HubOptions()
        self._trusted_hops = trusted_hops
        self._topics: dict[int, _Topic] = {}
        self._clients: set[_Client] = set()
        self._addresses: Counter[str] = Counter()  # how many clients of each
        self._closing = False

    def serve(self, app: web.Application) -> None:
        """Run with the application; its shutdown ends all streams at once, as they would hold it up otherwise."""
        app.cleanup_ctx.append(self._running)
        app.on_shutdown.append(self._close)

    @property
    def clients(self) -> int:
        return len(self._clients)

    @property
    def watched(self) -> set[int]:
        """The topics that have clients."""
        return {name for name, topic in self._topics.items() if topic.clients}

    def publish(self, topic: int, data: bytes, version: int) -> None:
        """Tell everyone who watches, at most four times a second. data: one line. Older versions are ignored."""
        found = self._topics.get(topic) or self._new_topic(topic)
        if version <= found.version:
            return
        found.version = version
        found.frame = _frame(data, version)
        if found.clients and found.timer is None:
            wait = found.sent_at + self._options.pause - monotonic()
            found.timer = asyncio.get_running_loop().call_later(max(wait, 0), self._send, found)

    async def stream(self, request: web.Request, topic: int, first: bytes, version: int = 0) -> web.StreamResponse:
        """Send `first`, the state at `version`, then each newer one until the client leaves or the shop closes.

        A client that comes back says which event it saw last; it needs nothing but the newest state, as any other.
        """
        address = client_address(request, self._trusted_hops)
        self._demand_room(address)
        client = _Client(request, address, monotonic() + self._options.ping)
        found = self._topics.get(topic) or self._new_topic(topic)
        found.clients.add(client)
        self._clients.add(client)
        self._addresses[address] += 1
        response = web.StreamResponse(headers=_HEADERS)
        try:
            await response.prepare(request)
            _keep_little_unsent(request.transport)
            client.owe(_frame(first, version), version)
            if found.version > version:  # published while `first` was being read
                client.owe(found.frame, found.version)
            with suppress(ConnectionError):  # the client left
                await self._feed(client, response, request.writer)
        finally:
            found.clients.discard(client)
            self._forget(client)
        return response

    async def _feed(self, client: _Client, response: web.StreamResponse, writer: AbstractStreamWriter) -> None:
        while not self._closing and client.request.transport is not None:
            await client.wake.wait()
            client.wake.clear()
            frame, client.owed = client.owed, b""
            client.busy_since = monotonic()
            await response.write(frame or _PING)
            await writer.drain()
            client.busy_since = None
            client.ping_at = monotonic() + self._options.ping
        if self._closing:
            # Everyone comes back to the next process; not all in the same second.
            await response.write(b"retry: %d\n\n" % random.randint(1000, 5000))  # noqa: S311 - no secret

    def _send(self, topic: _Topic) -> None:
        topic.timer = None
        topic.sent_at = monotonic()
        self._owe(list(topic.clients), topic.frame, topic.version)

    def _owe(self, clients: Sequence[_Client], frame: bytes, version: int) -> None:
        for client in clients[:_BATCH]:
            client.owe(frame, version)
        if len(clients) > _BATCH:
            asyncio.get_running_loop().call_soon(self._owe, clients[_BATCH:], frame, version)

    def _new_topic(self, topic: int) -> _Topic:
        if len(self._topics) >= _IDLE_TOPICS:
            for name in [name for name, idle in self._topics.items() if not idle.clients]:
                del self._topics[name]
        return self._topics.setdefault(topic, _Topic())

    def _demand_room(self, address: str) -> None:
        if self._is_full or self._is_too_many(address):
            # aiohttp does not tell a waiting handler that its client left, so some of these may be gone.
            for client in [client for client in self._clients if client.request.transport is None]:
                self._forget(client)
                client.wake.set()
        if self._is_too_many(address):
            raise Problem("too-many-requests", "You watch as many events as one may at a time.", retry_after=10)
        if self._closing or self._is_full:
            raise Problem("unavailable", "Too many are watching; ask for the event again instead.", retry_after=10)

    @property
    def _is_full(self) -> bool:
        return self.clients >= self._options.max_clients

    def _is_too_many(self, address: str) -> bool:
        return 0 < self._options.max_per_address <= self._addresses[address]

    def _forget(self, client: _Client) -> None:
        if client in self._clients:
            self._clients.remove(client)
            self._addresses[client.address] -= 1
            if not self._addresses[client.address]:
                del self._addresses[client.address]

    async def _running(self, _app: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(self._keep_alive(), name="sse-pings")
        yield
        task.cancel()
        await asyncio.wait([task])

    async def _keep_alive(self) -> None:
        """Wake the silent ones to be pinged, and give up those that take nothing."""
        while True:
            await asyncio.sleep(min(_SECOND, self._options.ping))
            now = monotonic()
            for client in self._clients:
                if client.busy_since is None and now >= client.ping_at:
                    client.wake.set()
                elif client.busy_since is not None and now > client.busy_since + self._options.stall:
                    client.hang_up()

    async def _close(self, _app: web.Application) -> None:
        self._closing = True
        for client in self._clients:
            if client.busy_since is None:
                client.wake.set()
            else:
                client.hang_up()  # it takes nothing, so it would not take a goodbye


def _frame(data: bytes, version: int) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (version, data)


def _keep_little_unsent(transport: asyncio.Transport | None) -> None:
    """Have `drain` wait for as good as every byte, so that a slow client is overtaken by newer states."""
    if transport is None:
        return
    transport.set_write_buffer_limits(high=0)
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
