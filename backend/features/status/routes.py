"""How the shop does against its own promise, for people and programs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from backend.db.errors import DatabaseError
from backend.features.status.budgets import Find
from backend.features.status.checks import Check
from backend.features.status.views import InvariantsView, StatusView
from backend.telemetry.promise import Promise
from backend.web.parsing import Query
from backend.web.problems import Problem
from backend.web.routes import Routes, reply

LAST_CHECK: web.AppKey[Check] = web.AppKey("last_check")
FRESH_CHECK: web.AppKey[Check | None] = web.AppKey("fresh_check")
REPORT: web.AppKey[Find] = web.AppKey("status_report")

log = logging.getLogger(__name__)


class StatusQuery(Query):
    """`fresh=1` checks the invariants now; only where there are no strangers, because it reads every table."""

    fresh: bool = False


def status_routes(promise: Promise) -> Routes:
    routes = Routes()
    objectives: Mapping[str, Any] = promise.objectives.model_dump(mode="json")

    @routes.get("/api/status", query=StatusQuery, answers={200: StatusView}, problems=("forbidden",))
    async def show_status(request: web.Request, query: StatusQuery) -> web.Response:
        """Show the objectives, their budgets, what fires, and whether the invariants hold."""
        invariants = await (_check_now(request) if query.fresh else _last_check(request))
        report = await request.app[REPORT]()
        return reply(
            StatusView(
                service=promise.service,
                now=datetime.now(UTC),
                objectives=dict(objectives),
                invariants=invariants,
                **dict(report),
            )
        )

    return routes


async def _check_now(request: web.Request) -> InvariantsView:
    check = request.app[FRESH_CHECK]
    if check is None:
        raise Problem("forbidden", "A fresh check is not for strangers.")
    broken, checked_at = await check()
    return InvariantsView(broken=broken, checked_at=checked_at, known=True)


async def _last_check(request: web.Request) -> InvariantsView:
    """While the database is away the rest is worth showing, all the more."""
    try:
        broken, checked_at = await request.app[LAST_CHECK]()
    except DatabaseError as error:
        log.warning("the invariants' latest result cannot be read: %s", error)
        return InvariantsView(broken=[], checked_at=None, known=False)
    return InvariantsView(broken=broken, checked_at=checked_at, known=True)
