"""The batcher alone, with a clerk in the database's place who does what a test says, when it says so."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.db.batches import Batcher, BatchLimits
from backend.db.errors import (
    Busy,
    ConnectionLost,
    DatabaseError,
    LockTimeout,
    NoAnswer,
    QueryTimeout,
    Rejected,
    Unavailable,
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


async def test_what_arrives_together_goes_together_and_each_gets_its_own_answer() -> None:
    clerk = Clerk()
    tasks = send(batcher(clerk), "a1", "a2", "b1", "a3")
    assert await outcomes(tasks) == ["did a1", "did a2", "did b1", "did a3"]
    assert clerk.seen == ["a1 a2 a3 b1"]


async def test_alone_a_request_waits_for_nobody() -> None:
    clerk = Clerk()
    queue = batcher(clerk)
    for number in range(3):
        assert await queue.submit(wish(f"a{number}")) == f"did a{number}"
    assert clerk.seen == ["a0", "a1", "a2"]


async def test_while_a_batch_is_under_way_the_next_one_collects() -> None:
    clerk = Clerk()
    queue = batcher(clerk, in_flight=1)
    clerk.may_go_on.clear()
    tasks = send(queue, "a1")
    await turns()
    for name in ("a2", "b1", "a3"):
        tasks += send(queue, name)
        await turns()
    assert clerk.seen == ["a1"]
    clerk.may_go_on.set()
    await outcomes(tasks)
    assert clerk.seen == ["a1", "b1 a2 a3"]


async def test_a_lane_is_in_one_batch_at_a_time_and_holds_up_no_other() -> None:
    clerk = Clerk()
    queue = batcher(clerk)
    clerk.may_go_on.clear()
    tasks = send(queue, "a1")
    await turns()
    tasks += send(queue, "a2", "b1")
    await turns()
    assert clerk.seen == ["a1", "b1"]
    clerk.may_go_on.set()
    await outcomes(tasks)
    assert clerk.seen == ["a1", "b1", "a2"]


async def test_beside_a_statement_that_makes_good_progress_no_other_starts() -> None:
    clerk = Clerk()
    queue = batcher(clerk, patience=60)
    clerk.may_go_on.clear()
    tasks = send(queue, "a1")
    await turns()
    tasks += send(queue, "b1", "c1")
    await turns()
    assert clerk.seen == ["a1"]
    clerk.may_go_on.set()
    await outcomes(tasks)
    assert clerk.seen == ["a1", "b1 c1"]


async def test_beside_a_slow_statement_another_starts_and_again_only_one_when_it_has_ended() -> None:
    clerk = Clerk()
    queue = batcher(clerk, patience=0.02)
    clerk.may_go_on.clear()
    tasks = send(queue, "a1", "b1")
    await turns()
    tasks += send(queue, "c1")
    async with asyncio.timeout(5):
        await clerk.has_begun("c1")
    assert clerk.seen == ["a1 b1", "c1"]
    clerk.may_go_on.set()
    await outcomes(tasks)
    clerk.may_go_on.clear()
    tasks = send(queue, "d1")
    await turns()
    tasks += send(queue, "e1")
    await turns()
    assert clerk.seen == ["a1 b1", "c1", "d1"]
    clerk.may_go_on.set()
    await outcomes(tasks)


async def test_so_many_batches_are_in_flight_and_no_more() -> None:
    clerk = Clerk()
    queue = batcher(clerk, in_flight=3)
    clerk.may_go_on.clear()
    tasks = []
    for lane in "abcdef":
        tasks += send(queue, f"{lane}1")
        await turns()
    assert clerk.seen == ["a1", "b1", "c1"]
    clerk.may_go_on.set()
    await outcomes(tasks)
    assert clerk.seen == ["a1", "b1", "c1", "d1 e1 f1"]


async def test_the_second_of_one_identity_sees_what_the_first_did() -> None:
    clerk = Clerk()
    tasks = send(batcher(clerk), "a1", "a2", "a1", "a3", "b1")
    await outcomes(tasks)
    assert clerk.seen == ["a1 a2 a3 b1", "a1"]


async def test_who_asks_again_and_again_holds_up_nobody_else() -> None:
    clerk = Clerk()
    greedy = ["a0"] * 4
    await outcomes(send(batcher(clerk, size=4), *greedy, "a1", "a2", "a3", "a4", "a5"))
    assert clerk.seen == ["a0 a1 a2 a3", "a0 a4 a5", "a0", "a0"]


async def test_requests_of_one_identity_are_carried_out_in_the_order_they_came() -> None:
    clerk = Clerk()
    mine = [Wish("a", "x", note=str(number)) for number in range(5)]
    others = [wish(f"a{number}") for number in range(9)]
    await outcomes(send(batcher(clerk, size=3), *mine[:3], *others, *mine[3:]))
    assert [each for batch in clerk.batches for each in batch if each.identity == "x"] == mine


async def test_so_many_of_one_identity_may_wait_and_no_more() -> None:
    clerk = Clerk()
    queue = batcher(clerk, waiting_each=2)
    assert await outcomes(send(queue, "a1", "a1", "a1", "a2")) == ["did a1", "did a1", "Busy", "did a2"]
    assert await queue.submit(wish("a1")) == "did a1"
    assert not queue._identities


async def test_one_identity_in_two_lanes_shares_no_batch_either() -> None:
    clerk = Clerk()
    await outcomes(send(batcher(clerk, in_flight=1), Wish("a", "x"), Wish("b", "x"), Wish("b", "y"), Wish("c", "z")))
    assert clerk.seen == ["x y z", "x"]


async def test_a_batch_has_its_size_and_a_long_lane_lets_others_pass() -> None:
    clerk = Clerk()
    await outcomes(send(batcher(clerk, size=3, in_flight=1), "a1", "a2", "a3", "a4", "a5", "b1", "c1"))
    assert clerk.seen == ["a1 a2 a3", "b1 c1 a4", "a5"]


async def test_who_left_while_waiting_is_not_carried_out() -> None:
    clerk = Clerk()
    tasks = send(batcher(clerk), "a1", "a2", "a3")
    await asyncio.sleep(0)
    tasks[1].cancel()
    assert await outcomes(tasks) == ["did a1", "CancelledError", "did a3"]
    assert clerk.seen == ["a1 a3"]


async def test_when_all_have_left_nothing_is_carried_out() -> None:
    clerk = Clerk()
    queue = batcher(clerk)
    tasks = send(queue, "a1", "b1")
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await outcomes(tasks)
    await queue.close()
    assert clerk.seen == []
    assert await queue.submit(wish("a2")) == "did a2"


async def test_who_leaves_in_flight_harms_nobody() -> None:
    clerk = Clerk()
    clerk.may_go_on.clear()
    tasks = send(batcher(clerk), "a1", "a2", "a3")
    await turns()
    tasks[0].cancel()
    clerk.may_go_on.set()
    assert await outcomes(tasks) == ["CancelledError", "did a2", "did a3"]
    assert clerk.seen == ["a1 a2 a3"]


async def test_a_full_queue_turns_away_at_once_and_has_room_again() -> None:
    clerk = Clerk()
    queue = batcher(clerk, waiting=2)
    assert await outcomes(send(queue, "a1", "b1", "a2")) == ["did a1", "did b1", "Busy"]
    assert await queue.submit(wish("a2")) == "did a2"


async def test_after_a_lost_connection_the_same_requests_go_again() -> None:
    clerk = Clerk(deque([ConnectionLost(), ConnectionLost()]))
    assert await outcomes(send(batcher(clerk), "a1", "b1")) == ["did a1", "did b1"]
    assert clerk.seen == ["a1 b1"] * 3


async def test_a_connection_lost_again_and_again_is_given_up() -> None:
    clerk = Clerk(deque([ConnectionLost()] * 9))
    assert await outcomes(send(batcher(clerk, attempts=3), "a1", "b1")) == ["ConnectionLost"] * 2
    assert clerk.seen == ["a1 b1"] * 3


async def test_when_no_connection_is_free_the_batch_asks_again() -> None:
    clerk = Clerk(deque([Busy(), Busy()]))
    assert await outcomes(send(batcher(clerk), "a1", "b1")) == ["did a1", "did b1"]
    assert clerk.seen == ["a1 b1"] * 3


async def test_when_no_connection_gets_free_the_batch_gives_up() -> None:
    clerk = Clerk(deque([Busy()] * 9))
    assert await outcomes(send(batcher(clerk, attempts=3), "a1", "b1")) == ["Busy"] * 2
    assert clerk.seen == ["a1 b1"] * 3


@pytest.mark.parametrize("failure", [NoAnswer(), Unavailable(), DatabaseError()])
async def test_where_trying_again_may_hang_or_is_useless_it_is_not_tried(failure: Exception) -> None:
    clerk = Clerk(deque([failure]))
    queue = batcher(clerk)
    assert await outcomes(send(queue, "a1", "b1")) == [type(failure).__name__] * 2
    assert clerk.seen == ["a1 b1"]
    assert await queue.submit(wish("a1")) == "did a1"


async def test_a_locked_lane_is_left_out_and_the_others_go_again() -> None:
    clerk = Clerk()
    tasks = send(batcher(clerk), "a1", wish("b1", locked=True), "a2", "c1", "b2")
    assert await outcomes(tasks) == ["did a1", "LockTimeout", "did a2", "did c1", "LockTimeout"]
    assert clerk.seen == ["a1 a2 b1 b2 c1", "a1 a2", "b1 b2", "c1"]


@pytest.mark.parametrize("failure", [LockTimeout(), QueryTimeout()])
async def test_a_lane_that_is_too_slow_alone_is_not_tried_again(failure: Exception) -> None:
    clerk = Clerk(deque([failure]))
    assert await outcomes(send(batcher(clerk), "a1", "a2")) == [type(failure).__name__] * 2
    assert clerk.seen == ["a1 a2"]


async def test_after_a_timeout_too_only_so_many_statements_run_at_once() -> None:
    clerk = Clerk(deque([QueryTimeout()]))
    lanes = [f"{lane}1" for lane in "abcdefghijklm"]
    assert await outcomes(send(batcher(clerk, in_flight=2), *lanes)) == [f"did {lane}" for lane in lanes]
    assert clerk.most_at_once == 2


async def test_bad_data_is_found_by_halves_and_fails_alone() -> None:
    clerk = Clerk()
    crowd: list[Wish | str] = [f"a{number}" for number in range(32)]
    crowd[19] = wish("a19", bad=True)
    expected = [f"did a{number}" for number in range(32)]
    expected[19] = "Rejected"
    assert await outcomes(send(batcher(clerk), *crowd)) == expected
    assert len(clerk.batches) == 11  # each halving is two more


async def test_data_that_no_statement_can_be_made_of_fails_alone_too() -> None:
    async def flush(wishes: Sequence[Wish]) -> list[str]:
        return ["did " + str(int(each.note)) for each in wishes]

    queue: Batcher[Wish, str] = Batcher(flush, lane=lambda each: each.lane, identity=lambda each: each.identity)
    crowd = [Wish("a", str(number), note="?" if number == 5 else str(number)) for number in range(9)]
    expected = [f"did {number}" for number in range(9)]
    expected[5] = "ValueError"
    assert await outcomes(send(queue, *crowd)) == expected


async def test_where_everything_is_bad_the_search_ends_early() -> None:
    clerk = Clerk()
    crowd = [wish(f"a{number}", bad=True) for number in range(256)]
    assert await outcomes(send(batcher(clerk, halvings=20), *crowd)) == ["Rejected"] * 256
    assert len(clerk.batches) == 41


async def test_bad_data_behind_a_lock_is_found_too() -> None:
    clerk = Clerk()
    crowd = [wish("a1", bad=True), wish("b1", locked=True), wish("c1"), wish("c2")]
    assert await outcomes(send(batcher(clerk), *crowd)) == ["Rejected", "LockTimeout", "did c1", "did c2"]


async def test_too_few_answers_leave_nobody_waiting() -> None:
    async def flush(_wishes: Sequence[Wish]) -> list[str]:
        return ["did a1"]

    queue: Batcher[Wish, str] = Batcher(flush, lane=lambda each: each.lane, identity=lambda each: each.identity)
    assert await outcomes(send(queue, "a1", "a2", "a3")) == ["did a1", "ValueError", "ValueError"]


async def test_closing_answers_everyone_first() -> None:
    clerk = Clerk()
    queue = batcher(clerk, size=1, in_flight=1)
    names = [f"a{number}" for number in range(9)]
    tasks = send(queue, *names)
    await asyncio.sleep(0)  # queued, and nothing is in flight yet
    async with asyncio.timeout(5):
        await queue.close()
    assert clerk.seen == names
    assert await outcomes(tasks) == [f"did {name}" for name in names]


async def test_closing_an_idle_one_is_nothing() -> None:
    await asyncio.wait_for(batcher(Clerk()).close(), 5)


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
