"""A shop that hears of payments, and a provider that reports to it."""

from collections.abc import AsyncIterator

import pytest

from tests.psp.running import Psp, Shop, running_psp, running_shop


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with running_shop() as running:
        yield running


@pytest.fixture
async def psp(shop: Shop) -> AsyncIterator[Psp]:
    async with running_psp(shop.url) as running:
        yield running
