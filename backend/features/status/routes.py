"""How the shop does against its own promise, for people and programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from backend.features.status.checks import Check
from backend.telemetry.promise import Promise
from backend.web.parsing import Query
from backend.web.problems import Problem
from backend.web.routes import Routes, View, reply

LAST_CHECK: web.AppKey[Check] = web.AppKey("last_check")
FRESH_CHECK: web.AppKey[Check | None] = web.AppKey("fresh_check")


class StatusQuery(Query):
    """`fresh=1` checks the invariants now; only where there are no strangers, because it reads every table."""

    fresh: bool = False


class Invariants(View):
    """Whether stock, orders and money agree; `broken` is empty, always, or somebody must be woken."""

    broken: list[str]
    checked_at: datetime | None


class StatusView(View):
    """The objectives, and the state of the invariants."""

    service: str
    now: datetime
    objectives: dict[str, Any]
    prometheus: str
    invariants: Invariants


def status_routes(promise: Promise) -> Routes:
    routes = Routes()
    objectives: Mapping[str, Any] = promise.objectives.model_dump(mode="json")

    @routes.get("/api/status", query=StatusQuery, answers={200: StatusView}, problems=("forbidden",))
    async def show_status(request: web.Request, query: StatusQuery) -> web.Response:
        """Show the objectives and whether the invariants hold."""
        check = request.app[FRESH_CHECK] if query.fresh else request.app[LAST_CHECK]
        if check is None:
            raise Problem("forbidden", "A fresh check is not for strangers.")
        broken, checked_at = await check()
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
