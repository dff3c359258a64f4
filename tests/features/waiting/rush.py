"""A crowd at the doors of several processes: cheap, because it shares the machine with the shop that it tries."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

import orjson

_PATIENCE = 30.0  # seconds without an answer, after which the shop counts as stuck
_CONNECTIONS = 25  # to each process


class Said(NamedTuple):
    status: int
    body: Any


class Doors:
    """The processes, each request to any of them, as behind a load balancer; one that has died is asked no more."""

    def __init__(self, ports: Sequence[int], seed: int = 1) -> None:
        self._ports = list(ports)
        self._free: dict[int, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {port: [] for port in ports}
        self._turns = asyncio.Semaphore(_CONNECTIONS * len(ports))
        self._random = Random(seed)
        self._writers: list[asyncio.StreamWriter] = []
        self.statuses: Counter[int] = Counter()

    async def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Said:
        """One request of many; they share a number of connections."""
        async with self._turns:
            return await self.ask_at_once(method, path, body, headers)

    async def ask_at_once(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Said:
        """One request. It is sent again when its process dies under it: whoever waits asks again, too."""
        data = b"" if body is None else orjson.dumps(body)
        lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"{method} {path} HTTP/1.1\r\nHost: shop\r\n{lines}Content-Length: {len(data)}\r\n\r\n".encode()
        while True:
            port = self._random.choice(self._ports)
            try:
                said = await asyncio.wait_for(self._send(port, head + data), _PATIENCE)
            except (ConnectionError, asyncio.IncompleteReadError):
                if len(self._ports) > 1 and port in self._ports:
                    self._ports.remove(port)
                continue
            self.statuses[said.status] += 1
            return said

    def jitter(self) -> float:
        return self._random.uniform(0.8, 1.2)

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _send(self, port: int, request: bytes) -> Said:
        free = self._free[port]
        if free:
            reader, writer = free.pop()
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            self._writers.append(writer)
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = head.find(b"content-length: ")
        length = int(head[at + 16 : head.find(b"\r", at)]) if at > 0 else 0
        raw = await reader.readexactly(length)
        free.append((reader, writer))
        return Said(int(head[9:12]), orjson.loads(raw) if raw else None)


@dataclass
class Visitor:
    """Waits for their turn as the page does, then buys one ticket. told: every state they were told, in order."""

    doors: Doors
    event_id: int
    told: list[str] = field(default_factory=list)
    admissions: set[str] = field(default_factory=set)
    hold_seconds: list[float] = field(default_factory=list)
    held: int | None = None
    place: str = ""
    position: int | None = None
    bought: bool = False

    async def take(self) -> None:
        while True:
            said = await self.doors.ask("POST", f"/api/events/{self.event_id}/place")
            if said.status in {200, 201}:
                return self._hear(said.body)
            await asyncio.sleep(1)

    async def wait(self, closing: asyncio.Event) -> None:
        """Ask as often as one is told to, and at once at `closing`."""
        pause = 0.0
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(closing.wait(), pause)
            said = await self.doors.ask("GET", f"/api/events/{self.event_id}/place", None, {"X-Place": self.place})
            if said.status == 200:
                self._hear(said.body)
                if said.body["state"] == "admitted":
                    return await self._buy(said.body["admission"])
                if said.body["state"] in {"closed", "expired"}:
                    return None
            if closing.is_set():
                await asyncio.sleep(0.2)  # not every process has heard of it
            # As the page does, each a little earlier or later than told, or all would come in waves.
            pause = (said.body["poll_after_seconds"] if said.status == 200 else 1.0) * self.doors.jitter()

    def _hear(self, body: Any) -> None:
        self.told.append(body["state"])
        self.place = body["place"] or self.place
        self.position = body["position"]
        if body["admission"]:
            self.admissions.add(body["admission"])

    async def _buy(self, admission: str) -> None:
        began = asyncio.get_running_loop().time()
        ticket = {"event_id": self.event_id, "quantity": 1}
        held = await self._insist("/api/basket", ticket, {"X-Admission": admission})
        self.hold_seconds.append(asyncio.get_running_loop().time() - began)
        self.held = held.status
        if held.status == 201:
            paid = await self._insist("/api/checkout", {"basket_id": held.body["basket_id"]}, {})
            self.bought = paid.status == 200

    async def _insist(self, path: str, body: Any, headers: Mapping[str, str]) -> Said:
        """Ask again while the shop is too busy, under one key, as the answer may have been lost with its process."""
        keyed = {**headers, "Idempotency-Key": f"{path}-{self.place}"}
        while (said := await self.doors.ask_at_once("POST", path, body, keyed)).status == 503:  # noqa: ASYNC110 - the shop sets no event
            await asyncio.sleep(1)
        return said
