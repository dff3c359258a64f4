from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.box_office import BoxOffice
from tests.shop import Shop, running_shop

OpenShop = Callable[..., AbstractAsyncContextManager[Shop]]


@pytest.fixture
def open_shop(box_office: BoxOffice, dsn: str, tmp_path: Path) -> OpenShop:
    """Open a shop with settings of the test's choice."""
    return partial(running_shop, box_office, dsn, tmp_path)


@pytest.fixture
async def shop(open_shop: OpenShop) -> AsyncIterator[Shop]:
    async with open_shop() as opened:
        yield opened
