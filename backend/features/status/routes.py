"""How the shop does against its own promise, for people and programs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from backend.telemetry.promise import Promise
from backend.web.parsing import Query
from backend.web.problems import Problem
from backend.web.routes import Routes, reply

Check = Callable[[], Awaitable[tuple[list[str], datetime | None]]]
"""What is broken, and when that was found."""


class StatusQuery(Query):
    """`fresh=1` checks the invariants now; outside production only, because it reads every table."""

    fresh: bool = False


class Invariants(BaseModel):
    """Whether stock, orders and money agree; `broken` is empty, always, or somebody must be woken."""

    broken: list[str]
    checked_at: datetime | None


class StatusView(BaseModel):
    """The objectives, and the state of the invariants."""

    service: str
    now: datetime
    objectives: dict[str, Any]
    prometheus: str
    invariants: Invariants


def status_routes(promise: Promise, last: Check, fresh: Check | None) -> Routes:
    """last: the worker's latest result. fresh: checks now; None in production."""
    routes = Routes()
    objectives: Mapping[str, Any] = promise.objectives.model_dump(mode="json")

    @routes.get("/api/status", query=StatusQuery, answers={200: StatusView}, problems=("forbidden",))
    async def show_status(_request: web.Request, query: StatusQuery) -> web.Response:
        """Show the objectives and whether the invariants hold."""
        if query.fresh and fresh is None:
            raise Problem("forbidden", "A fresh check is not for production.")
        broken, checked_at = await (fresh or last)() if query.fresh else await last()
        return reply(
            {
                "service": promise.service,
                "now": datetime.now(UTC),
                "objectives": objectives,
                "prometheus": "not connected",
                "invariants": {"broken": broken, "checked_at": checked_at},
            }
        )

    return routes
