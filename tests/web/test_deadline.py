import asyncio

import pytest

from backend.web.deadline import Deadlines, current_task


async def test_a_late_task_is_cancelled_once_and_can_go_on_after_it_was_settled() -> None:
    deadlines = Deadlines()

    async def answer() -> tuple[bool, int]:
        task = current_task()
        deadlines.lane(2.0)[task] = 10.0
        with pytest.raises(asyncio.CancelledError):
            await asyncio.Event().wait()
        late = deadlines.is_late(task)
        deadlines.settle(task)
        await asyncio.sleep(0)
        return late, task.cancelling()

    task = asyncio.create_task(answer())
    await asyncio.sleep(0)
    deadlines._sweep(9.9)
    assert task.cancelling() == 0
    deadlines._sweep(10.0)
    deadlines._sweep(10.1)
    assert task.cancelling() == 1
    assert await task == (True, 0)
    assert not deadlines._late
