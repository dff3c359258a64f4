"""What every request passes on its way in and out.

All of it is one function: on the hot path each layer costs a coroutine, and the order is easier to read in one place.
"""

import asyncio
import logging
import math
import re
import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from time import perf_counter

from aiohttp import web
from aiohttp.typedefs import Handler

from backend.telemetry.logs import REQUEST_ID, RequestLine, RequestLog
from backend.telemetry.traffic import METHODS, OTHER, HttpMetrics, RouteMeter
from backend.web.client import AddressLimiter, client_address
from backend.web.deadline import Deadlines, Task, current_task
from backend.web.headers import add_headers, default_headers
from backend.web.health import Health
from backend.web.openapi import statuses_of
from backend.web.origin import public_origin, refuse_foreign_page
from backend.web.parsing import BODY_CAME
from backend.web.problems import Problem, problem_of, problem_response
from backend.web.routes import Kind, Route, adapted
from backend.web.sending import Sender

_log = logging.getLogger(__name__)

_CLIENT_GONE = 499  # nobody got the answer; the number is nginx's
_NOTICED = 0.02  # seconds; whoever needs no longer has not waited for its body either, so nobody looks
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_CAUSE = web.RequestKey("cause", str)  # of a failure, kept for its line in the log


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeOptions:
    """deadline: seconds. max_in_flight: requests at once, beyond which new ones are shed.

    requests_per_second: from one address, 0 for any number. trusted_hops: proxies of ours in front.
    """

    public_url: str = "http://localhost:8080"
    deadline: float = 2.0
    max_in_flight: int = 1000
    requests_per_second: float = 0.0
    trusted_hops: int = 0


@dataclass(frozen=True, slots=True)
class _Policy:
    """How requests of one method and route are treated.

    guarded: pages of other sites may not send it. limited: it counts for its address. sheds: it takes one of the places
    in flight and may find none. logged: it may have a line in the log. lane: where its deadline is watched.
    """

    meter: RouteMeter
    guarded: bool
    limited: bool
    sheds: bool
    logged: bool
    seconds: float
    lane: dict[Task, float]


class Edge:
    """The door of the service, wrapped around every handler.

    No aiohttp middleware: that would look up the route's policy at each request and cost as much as all it does.
    """

    def __init__(self, options: EdgeOptions, metrics: HttpMetrics, health: Health, requests: RequestLog) -> None:
        self._options = options
        self._metrics = metrics
        self._health = health
        self._requests = requests
        self._own_origin = public_origin(options.public_url)
        self._headers = default_headers(https=options.public_url.startswith("https:"))
        self._sender = Sender(self._headers)
        self._deadlines = Deadlines()
        self._limiter = AddressLimiter(options.requests_per_second) if options.requests_per_second else None
        self._ids = map((secrets.token_hex(6) + "-{:x}").format, count(1))

    def serve(self, app: web.Application, routes: Iterable[Route]) -> None:
        """Have the application answer these routes, and everything else with a problem. A GET answers HEAD too."""
        resources: dict[str, web.Resource] = {}
        for route in routes:
            if route.pattern not in resources:
                resources[route.pattern] = app.router.add_resource(route.pattern)
            self._metrics.declare(route.method, route.template, statuses_of(route))
            handler = adapted(route)
            for method in ("GET", "HEAD") if route.method == "GET" and route.kind != "stream" else (route.method,):
                meter = self._metrics.declare(method, route.template)
                policy = self._policy(route.kind, method, meter, route.deadline)
                resources[route.pattern].add_route(method, partial(self._answer, handler, policy))
        self._serve_nothing_else(app)
        app.cleanup_ctx.append(self._watching_deadlines)
        add_headers(app, self._headers)

    async def _answer(self, handler: Handler, policy: _Policy, request: web.Request) -> web.StreamResponse:
        """Identify the request, have it answered in time, measure it, send the answer."""
        started = perf_counter()
        given = request.headers.get("X-Request-ID")
        REQUEST_ID.set(given if given and _REQUEST_ID.fullmatch(given) else next(self._ids))
        task = current_task()
        policy.lane[task] = started + policy.seconds
        self._metrics.in_flight += policy.sheds
        status = _CLIENT_GONE  # stays so when the request is cancelled
        try:
            try:
                self._admit(request, policy)
                response = await handler(request)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - where errors become answers
                response = self._explain(request, error, late=self._deadlines.is_late(task))
            if request.transport is not None or not policy.sheds:
                status = response.status
        finally:
            self._metrics.in_flight -= policy.sheds
            del policy.lane[task]
            self._deadlines.settle(task)
            self._record(request, policy, status, started)
        if self._health.draining:
            response.force_close()  # the next request of this connection should reach another process
        return await self._sender.send(request, response)

    def _admit(self, request: web.Request, policy: _Policy) -> None:
        """Problem when the request is not to be answered at all."""
        if policy.guarded:
            refuse_foreign_page(request, self._own_origin)
        if self._limiter is not None and policy.limited:
            wait = self._limiter.wait(client_address(request, self._options.trusted_hops))
            if wait:
                raise Problem("too-many-requests", retry_after=wait)
        if policy.sheds and self._metrics.in_flight > self._options.max_in_flight:
            self._metrics.shed.inc()
            raise Problem("unavailable")

    def _explain(self, request: web.Request, error: BaseException, *, late: bool) -> web.StreamResponse:
        """What is answered instead; a cancellation that is not ours goes on."""
        if late:
            problem = Problem("deadline" if request.content.is_eof() else "request-timeout")
        elif isinstance(error, asyncio.CancelledError):
            raise error
        elif isinstance(error, web.HTTPRedirection):
            return web.Response(status=error.status, headers=_without_body(error.headers))
        else:
            problem = problem_of(error)
        if problem.status >= 500:
            request[_CAUSE] = f"{type(error).__name__}: {error}"
        gone = isinstance(error, ConnectionError) and request.transport is None
        if problem.type == "internal" and not gone:
            _log.error("unexpected error", exc_info=error)
        return problem_response(problem, request.path, REQUEST_ID.get())

    def _record(self, request: web.Request, policy: _Policy, status: int, started: float) -> None:
        now = perf_counter()
        seconds = now - started
        policy.meter.record(status, seconds if seconds < _NOTICED else _own_seconds(request, started, now))
        if policy.logged and self._requests.wants(status, seconds):
            cause = request.get(_CAUSE, "")
            line = RequestLine(request.method, policy.meter.route, request.path_qs, status, seconds, cause)
            self._requests.write(line)

    def _policy(self, kind: Kind, method: str, meter: RouteMeter, deadline: float | None = None) -> _Policy:
        seconds = math.inf if kind == "stream" else deadline or self._options.deadline
        return _Policy(
            meter=meter,
            guarded=kind == "customer" and method not in _SAFE_METHODS,
            limited=kind in {"customer", "stream"},
            sheds=kind in {"customer", "machine", "page"},
            logged=kind != "health",  # they come every few seconds, and no is a good answer
            seconds=seconds,
            lane=self._deadlines.lane(seconds),
        )

    def _serve_nothing_else(self, app: web.Application) -> None:
        """Answer 404 to an unknown path and 405 to an unknown method, through the same door as everything else."""
        known = list(app.router.resources())
        policies = {method: self._policy("customer", method, self._metrics.unmatched(method)) for method in METHODS}

        async def refuse(request: web.Request) -> web.StreamResponse:
            allowed: set[str] = set()
            for resource in known:
                allowed |= (await resource.resolve(request))[1]
            raise web.HTTPMethodNotAllowed(request.method, allowed) if allowed else web.HTTPNotFound

        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._answer(refuse, policies.get(request.method, policies[OTHER]), request)

        app.router.add_route("*", r"/{unmatched:[\s\S]*}", answer)

    async def _watching_deadlines(self, _app: web.Application) -> AsyncIterator[None]:
        watch = asyncio.create_task(self._deadlines.watch(), name="deadlines")
        yield
        watch.cancel()
        await asyncio.wait([watch])


def _own_seconds(request: web.Request, started: float, ended: float) -> float:
    """How long the service took, once it had all of the request: no client can be hurried. 0 when it never had."""
    return ended - request.get(BODY_CAME, started) if request.content.is_eof() else 0.0


def _without_body(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("Content-")}
