"""Background work survives its errors and stops when told."""

import asyncio
import logging
from contextlib import suppress

import pytest

from backend.messaging import loops
from backend.messaging.loops import Pause, every, poll, to_the_end


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_AFTER_FAILURE", Pause(0.001, 0.002))


class Job:
    """Does what its script says, one step a call, and is finished after the last."""

    def __init__(self, *script: bool | BaseException) -> None:
        self._script = list(script)
        self.finished = asyncio.Event()
        self.calls = 0

    async def __call__(self) -> bool:
        self.calls += 1
        if not self._script:
            self.finished.set()
            return False
        step = self._script.pop(0)
        if isinstance(step, BaseException):
            raise step
        return step


async def run_until_finished(job: Job, pause: Pause) -> None:
    task = asyncio.create_task(poll(job, "the job", pause))
    async with asyncio.timeout(5):
        await job.finished.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()


async def test_a_job_is_repeated_until_cancelled() -> None:
    job = Job(False, False)
    task = asyncio.create_task(every(0.001, job, "the job"))
    async with asyncio.timeout(5):
        await job.finished.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    assert job.calls >= 3


async def test_a_job_with_more_to_do_goes_on_without_a_pause() -> None:
    await run_until_finished(Job(True, True, True), Pause(3600, 3600))


async def test_an_error_is_logged_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    await run_until_finished(Job(RuntimeError("broken pipe")), Pause(0, 0))
    assert "the job failed" in caplog.text
    assert "broken pipe" in caplog.text


async def test_of_an_outage_only_the_first_error_shows_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await run_until_finished(Job(RuntimeError("one"), RuntimeError("two"), RuntimeError("three")), Pause(0, 0))
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, False, False]
    assert caplog.messages[-1] == "the job works again after 3 failures"


async def test_a_cancellation_that_nobody_asked_for_is_an_error_like_any_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await run_until_finished(Job(asyncio.CancelledError()), Pause(0, 0))
    assert "CancelledError" in caplog.text


async def test_it_stops_at_once_even_in_the_middle_of_the_job() -> None:
    begun = asyncio.Event()

    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(every(1, endless, "the job"))
    await begun.wait()
    task.cancel()
    _, pending = await asyncio.wait([task], timeout=1)
    assert not pending


def test_pauses_grow_from_the_shortest_to_the_longest() -> None:
    pause = Pause(0.1, 0.25)
    assert [round(pause.after(idle), 3) for idle in (0, 1, 2, 3, 4, 10_000)] == [0.1, 0.125, 0.156, 0.195, 0.244, 0.25]


async def test_work_once_begun_is_finished_although_it_was_cancelled() -> None:
    begun, go_on, done = asyncio.Event(), asyncio.Event(), []

    async def work() -> None:
        begun.set()
        await go_on.wait()
        done.append(True)

    task = asyncio.create_task(to_the_end(work(), patience=5))
    await begun.wait()
    task.cancel()
    asyncio.get_running_loop().call_later(0.01, go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert done == [True]


async def test_work_that_does_not_end_is_broken_off_when_patience_is() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(to_the_end(work(), patience=0.01))
    await begun.wait()
    task.cancel()
    _, pending = await asyncio.wait([task], timeout=1)
    assert not pending
