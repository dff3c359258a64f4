from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from backend.telemetry.logs import LogOptions
from backend.web.edge import EdgeOptions
from backend.web.routes import Route
from backend.web.sse import Hub
from tests.web.serving import Door, Serve, serving


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """What starts a service of some routes, with options of the door; it is stopped after the test."""
    async with AsyncExitStack() as stack:

        async def start(
            routes: Iterable[Route],
            *,
            hub: Hub | None = None,
            log: LogOptions | None = None,
            handler_cancellation: bool = False,
            **options: Any,
        ) -> Door:
            door = serving(routes, EdgeOptions(**options), hub=hub, log=log, handler_cancellation=handler_cancellation)
            return await stack.enter_async_context(door)

        yield start
