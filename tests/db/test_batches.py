"""Who goes in which batch, when, and after whom: the batcher alone, with a clerk in the database's place."""

from __future__ import annotations

import asyncio

from tests.db.clerk import Clerk, Wish, batcher, outcomes, send, turns, wish


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
