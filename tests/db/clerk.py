"""The clerk: in the database's place behind a batcher, who does what a test says, when it says so."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.db.batches import Batcher, BatchLimits
from backend.db.errors import (
    LockTimeout,
    Rejected,
)


@dataclass(frozen=True)
class Wish:
    """A request. bad: its data breaks the whole statement. locked: somebody else holds the row of its lane.

    note: tells two of one identity apart.
    """

    lane: str
    identity: str
    bad: bool = False
    locked: bool = False
    note: str = ""


def wish(name: str, *, bad: bool = False, locked: bool = False) -> Wish:
    """`a7` is number 7 of lane a."""
    return Wish(name[0], name, bad, locked)


@dataclass
class Clerk:
    """Carries out what is flushed. failures: what the next flushes fail with, None for success."""

    failures: deque[Exception | None] = field(default_factory=deque)
    batches: list[list[Wish]] = field(default_factory=list)
    at_work: list[list[Wish]] = field(default_factory=list)
    most_at_once: int = 0
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.may_go_on.set()

    @property
    def seen(self) -> list[str]:
        """The batches so far: `a1 a2`."""
        return [" ".join(each.identity for each in batch) for batch in self.batches]

    async def has_begun(self, identity: str) -> None:
        """Wait until a batch with this request is at work."""
        while not any(each.identity == identity for batch in self.batches for each in batch):
            self.news.clear()
            await self.news.wait()

    async def flush(self, wishes: Sequence[Wish]) -> list[str]:
        batch = list(wishes)
        self.batches.append(batch)
        self.news.set()
        self.at_work.append(batch)
        self.most_at_once = max(self.most_at_once, len(self.at_work))
        try:
            await self.may_go_on.wait()
            await asyncio.sleep(0)
        finally:
            self.at_work.remove(batch)
        failure = self.failures.popleft() if self.failures else None
        if failure is None and any(each.bad for each in batch):
            failure = Rejected("bad data", "22P02")
        if failure is None and any(each.locked for each in batch):
            failure = LockTimeout("locked")
        if failure is not None:
            raise failure
        return [f"did {each.identity}" for each in batch]


def batcher(clerk: Clerk, **limits: Any) -> Batcher[Wish, str]:
    """One that starts the next batch beside the first at once, unless told to be patient."""
    return Batcher(
        clerk.flush,
        lane=lambda each: each.lane,
        identity=lambda each: each.identity,
        limits=BatchLimits(**{"patience": 0, **limits}),
    )


def send(to: Batcher[Wish, str], *wishes: Wish | str) -> list[asyncio.Task[str]]:
    """Submit them in this turn of the loop, in this order."""
    made = [wish(each) if isinstance(each, str) else each for each in wishes]
    return [asyncio.ensure_future(to.submit(each)) for each in made]


async def outcomes(tasks: Sequence[Awaitable[str]]) -> list[str]:
    """Each answer, or the name of what was raised."""
    async with asyncio.timeout(5):
        results = await asyncio.gather(*tasks, return_exceptions=True)
    return [result if isinstance(result, str) else type(result).__name__ for result in results]


async def turns(count: int = 10) -> None:
    """Let everything happen that can."""
    for _ in range(count):
        await asyncio.sleep(0)
