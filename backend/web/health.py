"""Whether this process lives and whether it should get traffic."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from pydantic import BaseModel

from backend.web.routes import Routes, reply


def _unknown() -> bool:
    return False


@dataclass(slots=True)
class Health:
    """The process's state, changed by whoever starts and stops it.

    database_up: the last that is known, without asking; an outage shows in the answer and never in its status, so
    that the pods of a shop do not all drop out together because of something that none of them can mend.
    """

    warmed: bool = False
    schema_current: bool = False
    draining: bool = False
    database_up: Callable[[], bool] = _unknown

    @property
    def refusal(self) -> Literal["draining", "warming up", "schema too old"] | None:
        """Why no traffic should come, None when it should."""
        if self.draining:
            return "draining"
        if not self.warmed:
            return "warming up"
        return None if self.schema_current else "schema too old"


class Alive(BaseModel):
    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    status: Literal["ready", "draining", "warming up", "schema too old"]
    database: Literal["up", "down"]


def health_routes(health: Health) -> Routes:
    routes = Routes()

    @routes.get("/healthz", answers={200: Alive}, kind="health")
    async def alive(_request: web.Request) -> web.Response:
        """Say that the process's event loop runs."""
        return reply(Alive())

    @routes.get("/readiness", answers={200: Readiness, 503: Readiness}, kind="health")
    async def ready(_request: web.Request) -> web.Response:
        """Say whether this process should get traffic. A database outage shows in the body alone."""
        return readiness(health)

    return routes


def readiness(health: Health) -> web.Response:
    """200 or 503; also for a process that has no other routes."""
    refusal = health.refusal
    body = Readiness(status=refusal or "ready", database="up" if health.database_up() else "down")
    return reply(body, status=200 if refusal is None else 503)
