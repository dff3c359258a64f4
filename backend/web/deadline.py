"""Ends requests that take too long, with one timer for all of them instead of one for each."""

import asyncio
from time import perf_counter

_INTERVAL = 0.05

Task = asyncio.Task[object]


def current_task() -> Task:
    task: Task | None = asyncio.current_task()
    if task is None:
        raise RuntimeError("requests are answered in a task each")
    return task


class Deadlines:
    """The requests in flight, in the order in which their time is up.

    asyncio.timeout costs several microseconds a request; here a request costs an entry in a dict, and a sweep looks at
    the first few only. A late request ends up to 50 ms late.
    """

    def __init__(self) -> None:
        self._lanes: dict[float, dict[Task, float]] = {}
        self._late: set[Task] = set()

    def lane(self, seconds: float) -> dict[Task, float]:
        """Where tasks that may take this long are entered with the time when it is up: the first came first."""
        return self._lanes.setdefault(seconds, {})

    def is_late(self, task: Task) -> bool:
        """Whether the task was cancelled because its time is up."""
        return task in self._late

    def settle(self, task: Task) -> None:
        """Take the task's cancellation back, if there was one: it ends with an answer all the same."""
        if self._late and task in self._late:
            self._late.remove(task)
            task.uncancel()

    async def watch(self) -> None:
        """Cancel what is due, until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL)
            self._sweep(perf_counter())

    def _sweep(self, now: float) -> None:
        for lane in self._lanes.values():
            for task, due in lane.items():
                if due > now:
                    break
                if task not in self._late:
                    self._late.add(task)
                    task.cancel()
