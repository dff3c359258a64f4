"""From settings to the application that answers customers: here its parts meet, as those of `worker` do there."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import uvloop
from aiohttp import web

from backend import parts
from backend.db.pool import Database
from backend.features.catalogue.catalogue import Catalogue
from backend.features.catalogue.routes import CATALOGUE, catalogue_routes
from backend.features.inventory import routes as inventory
from backend.features.inventory.baskets import HeldBaskets
from backend.features.inventory.holds import HoldLimits, Holds
from backend.features.inventory.sweeps import broken_invariants, count_expired
from backend.features.orders import routes as orders
from backend.features.orders.checkout import Till
from backend.features.orders.documents.printer import Printer
from backend.features.orders.orders import Orders
from backend.features.payments import routes as payments
from backend.features.payments.cashier import ProviderCashier
from backend.features.payments.settlements import Settlements
from backend.features.rum.routes import rum_routes
from backend.features.status import routes as status
from backend.features.status.budgets import Budgets, Find, empty_report
from backend.features.status.checks import Check, Result, last_check
from backend.features.status.shared import Found, Shared
from backend.features.status.views import Report
from backend.features.waiting import routes as waiting
from backend.features.waiting.gate import Gate
from backend.features.waiting.places import Places
from backend.features.waiting.pulse import Pulse, keep_up
from backend.features.waiting.rooms import Rooms
from backend.features.waiting.waiting import WaitingRooms
from backend.garbage import collect_rarely
from backend.readiness import watch_database
from backend.settings import Settings
from backend.telemetry.logs import Logs, RequestLog, quiet_driver_noise
from backend.telemetry.metrics import Metrics, metrics_app
from backend.telemetry.process import watch_loop
from backend.telemetry.prometheus import Prometheus
from backend.telemetry.promise import Promise, load_promise
from backend.web.buyers import SECURE_COOKIES, TRUSTED_HOPS
from backend.web.docs import document_routes
from backend.web.doors import listen
from backend.web.edge import Edge, EdgeOptions
from backend.web.gateway import front_end_routes
from backend.web.health import Health, health_routes
from backend.web.openapi import openapi_document
from backend.web.parsing import BODY_LIMIT
from backend.web.routes import Route
from backend.web.sse import Hub, HubOptions

TITLE, VERSION = "AegisTickets", "1.0"
HEALTH = web.AppKey("health", Health)
HUB = web.AppKey("hub", Hub)

log = logging.getLogger(__name__)
_FRONT_END = "GET /{path}"  # part of the promise, whether this process serves it or what stands in front
_SHUTDOWN_SECONDS = 20.0
_KEEP_ALIVE_SECONDS = 75.0  # longer than a load balancer keeps an idle connection
_BACKLOG = 4096  # connections that may wait to be accepted when a sale opens
_KEEP_LAST_CHECK_SECONDS, _KEEP_FRESH_CHECK_SECONDS, _KEEP_REPORT_SECONDS = 1.0, 3.0, 5.0
_PROMETHEUS_SECONDS = 1.5  # less than a request's deadline, so that who waits is told why


def api_routes(metrics: Metrics, promise: Promise, health: Health) -> list[Route]:
    """Every route of the API, with its own documents: what openapi.json describes."""
    served = [
        *catalogue_routes,
        *inventory.routes,
        *waiting.routes,
        *orders.routes,
        *payments.routes,
        *rum_routes(metrics.vitals),
        *status.status_routes(promise),
        *health_routes(health),
    ]
    return [*served, *document_routes(served, TITLE, VERSION)]


def openapi_json() -> str:
    """The OpenAPI document of the API, laid out for reading and for diffs."""
    promise = load_promise()
    document = openapi_document(api_routes(Metrics(promise), promise, Health()), TITLE, VERSION)
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def create_app(settings: Settings) -> web.Application:
    """The shop. It connects when it starts, and starts while the database is away."""
    promise = load_promise()
    metrics = parts.metrics(settings)
    health = Health()
    # Else a packed body is unpacked as it arrives, even one that is refused.
    app = web.Application(client_max_size=BODY_LIMIT, handler_args={"auto_decompress": False})
    app[HEALTH] = health
    app[HUB] = Hub(HubOptions(max_per_address=settings.limit_streams_per_address), settings.trusted_hops)
    app[HUB].serve(app)
    app[TRUSTED_HOPS] = settings.trusted_hops
    app[SECURE_COOKIES] = settings.public_url.startswith("https:")
    served = api_routes(metrics, promise, health)
    if settings.static_dir is not None:
        served += front_end_routes(settings.static_dir)
    promise.check_routes([*(route.name for route in served), _FRONT_END])
    edge = Edge(
        EdgeOptions(
            public_url=settings.public_url,
            max_in_flight=settings.max_in_flight,
            requests_per_second=settings.limit_requests_per_second,
            trusted_hops=settings.trusted_hops,
        ),
        metrics.http,
        health,
        RequestLog(parts.log_options(settings)),
    )
    edge.serve(app, served)
    app.cleanup_ctx.append(lambda app: _open(app, settings, promise, metrics, health))
    return app


async def _open(
    app: web.Application, settings: Settings, promise: Promise, metrics: Metrics, health: Health
) -> AsyncIterator[None]:
    """Everything that lives as long as the application; closed in reverse."""
    quiet_driver_noise(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_metrics_site(settings, metrics))
        await stack.enter_async_context(watch_loop(metrics.loop_lag))
        database = await parts.database(settings, "serve", metrics.pool)
        stack.push_async_callback(database.close)
        await _wire(app, settings, metrics, database, stack)
        app[status.REPORT] = _status_report(settings, promise, stack)
        _until_closed(stack, watch_database(database, health))
        yield


async def _wire(
    app: web.Application, settings: Settings, metrics: Metrics, database: Database, stack: AsyncExitStack
) -> None:
    provider = parts.provider(settings)
    stack.push_async_callback(provider.close)
    catalogue = Catalogue(database, app[HUB])
    for job in (catalogue.follow(settings.database_url), catalogue.feed.run()):
        _until_closed(stack, job)
    app[CATALOGUE] = catalogue
    gate = _wire_waiting(app, settings, metrics, database, stack)
    limits = HoldLimits(
        duration=settings.hold_time,
        tickets_per_address=settings.limit_tickets_per_address or None,
        holds_per_customer=settings.limit_holds_per_customer or None,
    )
    holds = Holds(database, limits, swept=partial(count_expired, metrics))
    baskets = HeldBaskets(database, holds, catalogue.offers, gate, limits=limits, metrics=metrics)
    settlements = Settlements(database, metrics, provider.name)
    tokens = parts.tokens(settings)
    till = Till(
        database,
        baskets,
        ProviderCashier(provider, settlements, metrics),
        tokens,
        metrics,
        public_url=settings.public_url,
        pay_within=settings.pay_within,
    )
    printer = Printer(settings.secret_key)
    stack.callback(printer.close)
    app[inventory.BASKETS] = baskets
    app[orders.TILL] = till
    app[orders.ORDERS] = Orders(database, metrics)
    app[orders.TOKENS] = tokens
    app[orders.PRINTER] = printer
    app[payments.PROVIDER] = provider
    app[payments.INBOX] = database
    latest: Check = _shared(stack, lambda: last_check(database), keep=_KEEP_LAST_CHECK_SECONDS)
    app[status.LAST_CHECK] = latest
    app[status.FRESH_CHECK] = _fresh_check(settings, stack)
    for batcher in (holds, settlements, till):
        stack.push_async_callback(batcher.close)


def _wire_waiting(
    app: web.Application, settings: Settings, metrics: Metrics, database: Database, stack: AsyncExitStack
) -> Gate:
    """Waiting rooms, of the catalogue that is wired already; the gate is what baskets ask."""
    keys = parts.room_keys(settings)
    places = Places(database, settings.limit_places_per_address or None)
    rooms = Rooms(database)
    pulse = Pulse(database, metrics)
    stack.push_async_callback(pulse.stop)
    _until_closed(stack, keep_up(rooms, places, pulse))
    stack.push_async_callback(places.close)
    app[waiting.ROOMS] = WaitingRooms(rooms, places, app[CATALOGUE].offers, keys, metrics.waiting)
    return Gate(keys, metrics.waiting)


def _until_closed(stack: AsyncExitStack, job: Coroutine[Any, Any, None]) -> None:
    """Run it beside the requests until the stack unwinds."""

    async def stop() -> None:
        task.cancel()
        await asyncio.wait([task])

    task = asyncio.create_task(job)
    stack.push_async_callback(stop)


def _shared(stack: AsyncExitStack, find: Callable[[], Awaitable[Found]], keep: float) -> Shared[Found]:
    shared = Shared(find, keep)
    stack.push_async_callback(shared.close)
    return shared


def _status_report(settings: Settings, promise: Promise, stack: AsyncExitStack) -> Find:
    if settings.prometheus_url is None:
        report = empty_report(promise, "missing")

        async def missing() -> Report:
            return report

        return missing
    prometheus = Prometheus(settings.prometheus_url, seconds=_PROMETHEUS_SECONDS)
    stack.push_async_callback(prometheus.close)
    return _shared(stack, Budgets(promise, prometheus).report, keep=_KEEP_REPORT_SECONDS)


def _fresh_check(settings: Settings, stack: AsyncExitStack) -> Shared[Result] | None:
    """Reads every table, so nobody can ask for it where strangers are."""
    if settings.environment not in {"local", "test"}:
        return None

    async def check() -> Result:
        database = await parts.checking_database(settings)
        try:
            return [str(broken) for broken in await broken_invariants(database)], datetime.now(UTC)
        finally:
            await database.close()

    return _shared(stack, check, keep=_KEEP_FRESH_CHECK_SECONDS)


@asynccontextmanager
async def _metrics_site(settings: Settings, metrics: Metrics) -> AsyncIterator[None]:
    async with _site(metrics_app(metrics.registry), settings.host, settings.metrics_port):
        yield


@asynccontextmanager
async def _site(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    """Listen; at the end stop listening, let what runs finish, close."""
    runner = web.AppRunner(
        app, access_log=None, keepalive_timeout=_KEEP_ALIVE_SECONDS, shutdown_timeout=_SHUTDOWN_SECONDS
    )
    await runner.setup()
    try:
        await listen(runner, host, port, backlog=_BACKLOG)
        yield
    finally:
        await runner.cleanup()


def serve(settings: Settings) -> int:
    """Answer customers until SIGTERM or Ctrl-C."""
    logs = Logs(parts.log_options(settings))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings))
    finally:
        logs.stop()
    return 0


async def _serve(settings: Settings) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = create_app(settings)
    async with _site(app, settings.host, settings.port):
        log.info("serving at %s", settings.public_url)
        collect_rarely()
        await stop.wait()
        # Whoever asks is told to look elsewhere, while requests on open connections are still answered.
        app[HEALTH].draining = True
        await asyncio.sleep(settings.drain_seconds)
