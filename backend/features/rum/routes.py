"""Web vitals: how fast the shop felt in real browsers."""

from typing import Annotated, Literal, Protocol

from aiohttp import web
from pydantic import Field

from backend.web.parsing import Body
from backend.web.routes import Routes

Page = Literal["list", "event", "basket", "checkout", "order", "other"]
Vital = Literal["LCP", "INP", "CLS"]

# A browser may say anything, so each value counts as at most this: a minute of waiting, in seconds, or a layout that
# moved across ten screens.
_LARGEST = {"LCP": 60.0, "INP": 60.0, "CLS": 10.0}
_MILLISECONDS = {"LCP": 1000.0, "INP": 1000.0, "CLS": 1.0}


class VitalMetrics(Protocol):
    """Where the values go; telemetry has it."""

    def observe(self, vital: Vital, page: str, value: float, /) -> None: ...


class Measurement(Body):
    """value: milliseconds for LCP and INP, without unit for CLS."""

    name: Vital
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Vitals(Body):
    """What one visit to one page came to."""

    page: Page
    metrics: Annotated[tuple[Measurement, ...], Field(min_length=1, max_length=10)]


def rum_routes(vitals: VitalMetrics) -> Routes:
    routes = Routes()

    @routes.post("/api/rum", body=Vitals, answers={204: None}, body_limit=4096)
    async def record_vitals(_request: web.Request, body: Vitals) -> web.Response:
        """Record how fast a page felt in the visitor's browser."""
        for metric in body.metrics:
            value = min(metric.value / _MILLISECONDS[metric.name], _LARGEST[metric.name])
            vitals.observe(metric.name, body.page, value)
        return web.Response(status=204)

    return routes
