"""Any rush, with any failures: everyone gets their own answer, and no rule of the batcher is broken."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.db.errors import (
    ConnectionLost,
    LockTimeout,
    NoAnswer,
    QueryTimeout,
    Unavailable,
)
from tests.db.clerk import Clerk, Wish, batcher

wishes = st.builds(
    Wish,
    lane=st.sampled_from("abc"),
    identity=st.sampled_from("123456789"),
    bad=st.sampled_from([False] * 9 + [True]),
    locked=st.sampled_from([False] * 9 + [True]),
)
FAILURES: list[Callable[[], Exception | None]] = [
    lambda: None, lambda: None, lambda: None, ConnectionLost, NoAnswer, Unavailable, LockTimeout, QueryTimeout,
    lambda: ValueError("a bug"),
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(st.one_of(st.just("turn"), st.integers(0, 30), wishes), max_size=40),
    failures=st.lists(st.sampled_from(FAILURES), max_size=8),
    size=st.integers(1, 5),
    in_flight=st.integers(1, 3),
)
def test_whatever_happens_everyone_gets_their_own_answer_or_an_error(
    steps: list[str | int | Wish], failures: list[Callable[[], Exception | None]], size: int, in_flight: int
) -> None:
    asyncio.run(rush(steps, deque(make() for make in failures), size=size, in_flight=in_flight))


async def rush(steps: list[str | int | Wish], failures: deque[Exception | None], *, size: int, in_flight: int) -> None:
    """Send each wish, cancel the task of each number, let time pass at each turn; then close."""
    clerk = Checking(failures)
    queue = batcher(clerk, size=size, in_flight=in_flight)
    sent: list[tuple[Wish, asyncio.Task[str]]] = []
    for step in steps:
        match step:
            case Wish():
                sent.append((step, asyncio.ensure_future(queue.submit(step))))
            case int() if step < len(sent):
                sent[step][1].cancel()
            case _:
                await asyncio.sleep(0)
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await queue.close()
    await asyncio.sleep(0)
    assert all(task.done() for _, task in sent)
    for each, task in sent:
        if not task.cancelled() and task.exception() is None:
            assert task.result() == f"did {each.identity}"
            assert not each.bad
            assert not each.locked
    assert clerk.most_at_once <= in_flight
    assert all(len(batch) <= size for batch in clerk.batches)


class Checking(Clerk):
    async def flush(self, wishes: Sequence[Wish]) -> list[str]:
        identities = Counter(each.identity for each in wishes)
        assert max(identities.values()) == 1, "two of one identity share a batch"
        lanes = {each.lane for each in wishes}
        assert not any(lanes & {each.lane for each in other} for other in self.at_work), "a lane is in two batches"
        return await super().flush(wishes)
