"""When a batch fails: what can still be done is done, and everyone is told."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import pytest

from backend.db.batches import Batcher
from backend.db.errors import (
    Busy,
    ConnectionLost,
    DatabaseError,
    LockTimeout,
    NoAnswer,
    QueryTimeout,
    Unavailable,
)
from tests.db.clerk import Clerk, Wish, batcher, outcomes, send, wish


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
