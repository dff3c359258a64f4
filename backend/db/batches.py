"""Requests queued in the process and carried out a batch at a time, one statement and one commit for many.

A row that everybody wants allows one commit after another; a batch puts many requests into each. Nothing waits for a
batch to fill: while one is under way the next collects, so an idle shop answers at once and a busy one by the batch.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from backend.db.errors import Busy, ConnectionLost, DatabaseError, LockTimeout, NoAnswer, QueryTimeout, Rejected

R = TypeVar("R")  # a request
A = TypeVar("A")  # its answer


@dataclass(frozen=True, kw_only=True)
class BatchLimits:
    """size: requests in one statement. in_flight: statements at once. waiting: requests in the queue before it is full.

    patience: seconds after which a statement is slow, as one behind a lock is, and another may start beside it. Without
    need they only share the work: over ten pools two at once held 3,200 tickets a second, one after another 5,900.
    waiting_each: those of one identity among them, so that nobody fills the queue alone.
    """

    size: int = 256
    in_flight: int = 2
    patience: float = 0.03
    waiting: int = 8192
    waiting_each: int = 32
    halvings: int = 64  # of one batch, to find bad data: eight find one among 256, and where all is bad it should end
    attempts: int = 3  # when the connection was lost (requests carry their own identity) or none was free


@dataclass(slots=True)
class _Entry(Generic[R, A]):
    request: R
    lane: Hashable
    identity: Hashable
    answer: asyncio.Future[A]


class Batcher(Generic[R, A]):
    """Carries out requests in batches, in arrival order within a lane.

    flush: carries a batch out in one transaction; answers in the order of the requests. Doing it again with the same
        requests must answer the same (they carry identifiers made before).
    lane: what the requests contend for; a lane is in at most one batch in flight.
    identity: two requests with the same identity never share a batch: the second waits for what the first did. It is
        hashed often, so better the number of a UUID than the UUID.

    One request's cancellation or bad data never harms its neighbours.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[R]], Awaitable[Sequence[A]]],
        *,
        lane: Callable[[R], Hashable],
        identity: Callable[[R], Hashable],
        limits: BatchLimits | None = None,
    ) -> None:
        self._flush = flush
        self._lane = lane
        self._identity = identity
        self._limits = limits or BatchLimits()
        self._lanes: dict[Hashable, deque[_Entry[R, A]]] = {}
        self._ready: deque[Hashable] = deque()  # lanes that wait and are in no batch, longest waiting first
        self._waiting = 0
        self._identities: dict[Hashable, int] = {}  # how often each waits
        self._in_flight: set[asyncio.Task[None]] = set()
        self._slow: set[asyncio.Task[None]] = set()  # those in flight that have taken longer than `patience`
        self._statements = asyncio.Semaphore(self._limits.in_flight)  # a batch in parts is more than one
        self._wake: asyncio.Handle | None = None

    async def submit(self, request: R) -> A:
        """The answer to this request. Busy when the queue is full, DatabaseError when the database could not do it."""
        identity = self._identity(request)
        if self._waiting >= self._limits.waiting:
            raise Busy("the queue of requests is full")
        waiting = self._identities.get(identity, 0)
        if waiting >= self._limits.waiting_each:
            raise Busy("too many requests of one customer are waiting")
        loop = asyncio.get_running_loop()
        entry = _Entry(request, self._lane(request), identity, loop.create_future())
        lane = self._lanes.get(entry.lane)
        if lane is None:
            lane = self._lanes[entry.lane] = deque()
            self._ready.append(entry.lane)
        lane.append(entry)
        self._waiting += 1
        self._identities[identity] = waiting + 1
        if self._wake is None and self._may_start():
            # Everything that arrives in this turn of the loop goes together.
            self._wake = loop.call_soon(self._start_batches)
        answer: A = await entry.answer
        return answer

    async def close(self) -> None:
        """Wait until everything queued has been answered."""
        while self._in_flight or self._waiting:
            self._start_batches()
            await asyncio.wait(self._in_flight)

    def _start_batches(self) -> None:
        self._wake = None
        while self._ready and self._may_start():
            batch, lanes = self._collect()
            self._in_flight.add(asyncio.ensure_future(self._carry_out(batch, lanes)))

    def _may_start(self) -> bool:
        return len(self._in_flight) < min(len(self._slow) + 1, self._limits.in_flight)

    def _wait_no_longer(self, task: asyncio.Task[None]) -> None:
        self._slow.add(task)
        self._start_batches()

    def _collect(self) -> tuple[list[_Entry[R, A]], list[Hashable]]:
        """Take whole lanes, longest waiting first, until the batch is full; of each identity the first that waits."""
        batch: list[_Entry[R, A]] = []
        lanes: list[Hashable] = []
        identities: set[Hashable] = set()
        while self._ready and len(batch) < self._limits.size:
            key = self._ready.popleft()
            lanes.append(key)
            lane = self._lanes[key]
            later: list[_Entry[R, A]] = []
            while lane and len(batch) < self._limits.size:
                entry = lane.popleft()
                if entry.answer.done():  # whoever asked has left
                    self._forget(entry)
                elif entry.identity in identities:
                    later.append(entry)
                else:
                    self._forget(entry)
                    identities.add(entry.identity)
                    batch.append(entry)
            lane.extendleft(reversed(later))
        return batch, lanes

    def _forget(self, entry: _Entry[R, A]) -> None:
        """It waits no longer."""
        self._waiting -= 1
        others = self._identities.pop(entry.identity) - 1
        if others:
            self._identities[entry.identity] = others

    async def _carry_out(self, batch: list[_Entry[R, A]], lanes: list[Hashable]) -> None:
        task = _this_task()
        timer = asyncio.get_running_loop().call_later(self._limits.patience, self._wait_no_longer, task)
        try:
            await self._attempt(batch, iter(range(self._limits.halvings)))
        except BaseException as error:
            _fail(batch, error)
            if not isinstance(error, Exception):
                raise
        finally:
            timer.cancel()
            self._in_flight.remove(task)
            self._slow.discard(task)
            for key in lanes:
                if self._lanes[key]:
                    self._ready.append(key)
                else:
                    del self._lanes[key]
            if self._ready and self._wake is None:
                self._wake = asyncio.get_running_loop().call_soon(self._start_batches)

    async def _attempt(self, batch: list[_Entry[R, A]], halvings: Iterator[int]) -> None:
        """Carry out, and on an error the part of it that can still be done. halvings: those still allowed."""
        if not batch:
            return
        try:
            answers = await self._flush_until_known([entry.request for entry in batch])
        except (LockTimeout, QueryTimeout) as error:
            # One locked lane must not hold up the others. Not one by one: each would wait for the lock again, in turn.
            parts = _by_lane(batch)
            if len(parts) == 1:
                _fail(batch, error)
            else:
                await asyncio.gather(*(self._attempt(part, halvings) for part in parts))
        except Exception as error:  # noqa: BLE001 - whatever it is, the customers concerned are told
            # Bad data, found by the database or on the way there or back: halve until it stands alone.
            bad = isinstance(error, Rejected) or not isinstance(error, DatabaseError)
            if bad and len(batch) > 1 and next(halvings, None) is not None:
                await self._attempt(batch[: len(batch) // 2], halvings)
                await self._attempt(batch[len(batch) // 2 :], halvings)
            else:
                _fail(batch, error)
        else:
            for entry, answer in zip(batch, answers, strict=True):
                if not entry.answer.done():
                    entry.answer.set_result(answer)

    async def _flush_until_known(self, requests: Sequence[R]) -> Sequence[A]:
        """Flush again when the connection was lost, because nobody knows whether the first one was committed.

        And when none was free: that has cost the database nothing, and giving up would fail all these customers.
        """
        for attempt in range(1, self._limits.attempts + 1):
            try:
                async with self._statements:
                    return await self._flush(requests)
            except NoAnswer:
                raise
            except (ConnectionLost, Busy):
                if attempt == self._limits.attempts:
                    raise
        raise AssertionError("attempts is at least 1")


def _this_task() -> asyncio.Task[None]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("only tasks carry batches out")
    return task


def _by_lane(batch: list[_Entry[R, A]]) -> list[list[_Entry[R, A]]]:
    lanes: dict[Hashable, list[_Entry[R, A]]] = {}
    for entry in batch:
        lanes.setdefault(entry.lane, []).append(entry)
    return list(lanes.values())


def _fail(batch: list[_Entry[R, A]], error: BaseException) -> None:
    for entry in batch:
        if not entry.answer.done():
            entry.answer.set_exception(error)
