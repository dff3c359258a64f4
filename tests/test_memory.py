import asyncio
from datetime import UTC, datetime

import pytest

from backend.memory import Freshness, Memory

SECONDS = Freshness(fresh=1.0, usable=2.0, most=3)


class Source:
    """Makes values when it is allowed to, and counts how often."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.made: list[str] = []
        self.changes_at: datetime | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.fault: Exception | None = None
        self.memory: Memory[str, str] = Memory(self._make, SECONDS, lambda: self.now)

    async def _make(self, key: str) -> tuple[str, datetime | None]:
        self.made.append(key)
        number = len(self.made)
        await self.gate.wait()
        if self.fault:
            raise self.fault
        return f"{key}{number}", self.changes_at


async def test_a_fresh_value_is_ready_and_an_old_one_is_not() -> None:
    source = Source()
    assert source.memory.ready("a") is None
    assert await source.memory.get("a") == "a1"
    source.now += 0.99
    assert source.memory.ready("a") == "a1"
    source.now += 0.01
    assert source.memory.ready("a") is None


async def test_a_usable_value_is_answered_while_a_new_one_is_made() -> None:
    source = Source()
    await source.memory.get("a")
    source.now += 1.5
    source.gate.clear()
    assert await source.memory.get("a") == "a1"
    await asyncio.sleep(0)
    assert source.made == ["a", "a"]
    source.now += 0.5  # no longer usable
    waiting = asyncio.create_task(source.memory.get("a"))
    source.gate.set()
    assert await waiting == "a2"
    assert source.made == ["a", "a"]


async def test_a_value_ends_when_it_changes_by_itself() -> None:
    source = Source()
    source.changes_at = datetime.fromtimestamp(source.now + 0.3, UTC)
    await source.memory.get("a")
    source.now += 0.29
    assert source.memory.ready("a") == "a1"
    source.now += 0.02
    assert await source.memory.get("a") == "a2"


async def test_a_clock_that_is_set_back_makes_nothing_fresh_for_ever() -> None:
    source = Source()
    await source.memory.get("a")
    source.now -= 3600
    assert source.memory.ready("a") is None


async def test_whoever_asks_first_may_leave_and_the_others_still_get_it() -> None:
    source = Source()
    source.gate.clear()
    first, second = (asyncio.create_task(source.memory.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    source.gate.set()
    assert await second == "a1"
    assert source.made == ["a"]


async def test_a_failure_reaches_everyone_who_waits_and_is_not_kept() -> None:
    source = Source()
    source.fault = ConnectionError()
    results = await asyncio.gather(*(source.memory.get("a") for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError] * 3
    source.fault = None
    assert await source.memory.get("a") == "a2"


async def test_what_is_forgotten_while_it_is_made_is_not_kept() -> None:
    source = Source()
    source.gate.clear()
    asked = asyncio.create_task(source.memory.get("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    source.memory.forget("a")
    source.gate.set()
    assert await asked == "a1"
    assert source.memory.ready("a") is None
    assert await source.memory.get("a") == "a2"


@pytest.mark.parametrize("forgotten", [["a"], None])
async def test_forgetting(forgotten: list[str] | None) -> None:
    source = Source()
    await source.memory.get("a")
    await source.memory.get("b")
    if forgotten:
        source.memory.forget("a")
    else:
        source.memory.forget_all()
    assert [source.memory.ready(key) for key in "ab"] == [None, "b2" if forgotten else None]


async def test_only_so_many_are_kept_and_the_stalest_goes_first() -> None:
    source = Source()
    for key in "abcd":
        await source.memory.get(key)
    assert [source.memory.ready(key) for key in "abcd"] == [None, "b2", "c3", "d4"]
