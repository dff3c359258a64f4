"""Work that goes on in the background: it survives its errors, pauses longer the more of them, and stops when told."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

Answer = TypeVar("Answer")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds between two looks for work: `shortest` after some was found, growing to `longest` while there is none."""

    shortest: float
    longest: float

    def after(self, idle: int) -> float:
        """The pause after so many looks in vain."""
        return min(self.longest, self.shortest * 1.25 ** min(idle, 100))


# Short enough that everything works again soon after the database is back.
_AFTER_FAILURE = Pause(0.25, 2.0)


async def every(interval: float, job: Callable[[], Awaitable[object]], name: str) -> NoReturn:
    """Run the job now, and again each time `interval` seconds after it ended, until cancelled."""

    async def once() -> bool:
        await job()
        return False

    await poll(once, name, Pause(interval, interval))


async def poll(job: Callable[[], Awaitable[bool]], name: str, pause: Pause) -> NoReturn:
    """Run the job until cancelled: again at once when it answers that there is more to do, else after a pause.

    After an error it waits for a moment, longer with each further one, up to 2 s.
    """
    idle = failures = 0
    while True:
        try:
            more = await job()
        except (Exception, asyncio.CancelledError) as error:
            if told_to_stop(error):
                raise
            failures += 1
            seconds = _AFTER_FAILURE.after(4 * failures) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load
            # The first error of a row shows where it came from; an outage then is a line each time, not a traceback.
            _log.warning("%s failed, next try in %.1f s: %r", name, seconds, error, exc_info=failures == 1)
        else:
            if failures:
                _log.info("%s works again after %d failures", name, failures)
            failures = 0
            idle = 0 if more else idle + 1
            seconds = 0.0 if more else pause.after(idle - 1)
        await asyncio.sleep(seconds)


async def to_the_end(work: Coroutine[Any, Any, Answer], patience: float) -> Answer:
    """Await work that, once begun, is better finished than broken off: cancelled, it gets `patience` more seconds."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=patience)
        task.cancel()
        with suppress(Exception, asyncio.CancelledError):
            await task
        raise


def told_to_stop(error: BaseException) -> bool:
    """Whether this task was cancelled. A library's own stray CancelledError is an error like any other."""
    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
