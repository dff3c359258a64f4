"""What everybody may ask for, and what is done once for all of them."""

import asyncio
from datetime import UTC, datetime

import pytest

from backend.features.status.checks import Result
from backend.features.status.shared import Shared

FOUND: Result = (["pool 7 has less than nothing"], datetime(2027, 3, 31, tzinfo=UTC))


class Auditor:
    """Looks when it is allowed to, and counts how often."""

    def __init__(self) -> None:
        self.looks = 0
        self.may_look = asyncio.Event()
        self.may_look.set()
        self.failure: Exception | None = None

    async def check(self) -> Result:
        self.looks += 1
        await self.may_look.wait()
        if self.failure:
            raise self.failure
        return FOUND


async def test_all_who_ask_meanwhile_share_one_check() -> None:
    auditor = Auditor()
    auditor.may_look.clear()
    check = Shared(auditor.check, keep=0.0)
    asking = [asyncio.create_task(check()) for _ in range(100)]
    await asyncio.sleep(0)
    auditor.may_look.set()
    assert await asyncio.gather(*asking) == [FOUND] * 100
    assert auditor.looks == 1
    assert await check() == FOUND
    assert auditor.looks == 2


async def test_its_result_is_kept_for_a_while() -> None:
    auditor = Auditor()
    check = Shared(auditor.check, keep=60.0)
    assert [await check() for _ in range(3)] == [FOUND] * 3
    assert auditor.looks == 1


async def test_a_failure_is_kept_as_well() -> None:
    auditor = Auditor()
    auditor.failure = ValueError("away")
    check = Shared(auditor.check, keep=60.0)
    for _ in range(3):
        with pytest.raises(ValueError, match="away"):
            await check()
    assert auditor.looks == 1


async def test_who_leaves_ends_nobody_elses_check() -> None:
    auditor = Auditor()
    auditor.may_look.clear()
    check = Shared(auditor.check, keep=3.0)
    leaving, staying = (asyncio.create_task(check()) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    auditor.may_look.set()
    assert await staying == FOUND


async def test_closing_ends_it() -> None:
    auditor = Auditor()
    auditor.may_look.clear()
    check = Shared(auditor.check, keep=3.0)
    asking = asyncio.create_task(check())
    await asyncio.sleep(0)
    await asyncio.wait_for(check.close(), 5)
    await asyncio.wait([asking])
    assert asking.cancelled()


async def test_closing_before_anybody_asked_is_nothing() -> None:
    await Shared(Auditor().check, keep=3.0).close()
