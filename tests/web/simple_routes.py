"""Routes for the door to guard: good ones, slow ones, failing ones."""

import asyncio

from aiohttp import web

from backend.web.routes import Routes, reply

OK = {200: "application/json"}


def slow_routes(path: str = "/api/events", **options: object) -> tuple[Routes, asyncio.Event, asyncio.Event]:
    """A route that answers when it is allowed to; the events say that it was entered and let it go on."""
    routes, entered, leave = Routes(), asyncio.Event(), asyncio.Event()

    @routes.get(path, answers=OK, **options)  # type: ignore[arg-type] # any of the route's options
    async def slow(_request: web.Request) -> web.Response:
        entered.set()
        await leave.wait()
        return reply({})

    return routes, entered, leave


def ok_routes() -> Routes:
    routes = Routes()

    @routes.get("/api/events", answers=OK)
    async def events(_request: web.Request) -> web.Response:
        return reply({"events": []})

    @routes.post("/api/basket", answers=OK)
    async def hold(_request: web.Request) -> web.Response:
        return reply({})

    @routes.post("/api/payments/{provider}/webhook", raw="application/json", kind="machine", answers=OK)
    async def webhook(_request: web.Request, _raw: bytes) -> web.Response:
        return reply({})

    @routes.get("/healthz", answers=OK, kind="health")
    async def health(_request: web.Request) -> web.Response:
        return reply({})

    return routes


def failing_routes(error: BaseException, path: str = "/api/events") -> Routes:
    routes = Routes()

    @routes.get(path, answers=OK)
    async def fail(_request: web.Request) -> web.Response:
        raise error

    return routes
