"""Every metric of the service in one registry, and the small application that shows it to Prometheus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from aioprometheus.collectors import Registry
from aioprometheus.renderer import render

from backend.telemetry.instruments import (
    Family,
    Histogram,
    counter,
    counters,
    gauge,
    gauges,
    histogram,
    histograms,
)
from backend.telemetry.process import collect_process
from backend.telemetry.promise import Promise
from backend.telemetry.stock import StockMeter
from backend.telemetry.traffic import HttpMetrics

HOLD_RESULTS = ("held", "sold_out", "conflict", "shed")
ORDER_STATUSES = ("pending", "paid", "cancelled", "lapsed")
PAYMENT_RESULTS = ("succeeded", "failed", "cancelled", "unavailable")
PLACE_RESULTS = ("taken", "limited", "not_needed", "closed", "left")
ADMISSION_REFUSALS = ("missing", "forged", "other_event", "other_basket", "expired")
RELAY_RESULTS = ("relayed", "skipped", "failed", "dead")
PAGES = ("list", "event", "basket", "checkout", "order", "other")


class Metrics:
    """The contract's metrics. A caller on a hot path keeps the child: `held = metrics.holds.labels("held")`.

    providers, sinks: those in use, so that no series stands for one that is not.
    """

    def __init__(self, promise: Promise, *, providers: Sequence[str] = (), sinks: Sequence[str] = ()) -> None:
        registry = self.registry = Registry()
        seconds = promise.buckets.seconds
        self.http = HttpMetrics(registry, promise)
        self.pool = PoolMetrics(registry, seconds)
        self.stock = StockMeter(promise.objectives.latency[0].under)
        self.holds = counters(registry, "holds_total", "Requests to hold tickets", result=HOLD_RESULTS)
        self.holds_expired = counter(registry, "holds_expired_total", "Holds that ended unpaid and gave back")
        self.orders = counters(registry, "orders_total", "Orders that reached a status", status=ORDER_STATUSES)
        self.tickets_sold = counter(registry, "tickets_sold_total", "Tickets issued")
        self.tickets_oversold = gauge(registry, "tickets_oversold", "Tickets beyond capacity; must be 0")
        self.invariants_broken = gauge(registry, "invariants_broken", "Invariants that do not hold; must be 0")
        self.payments_oldest = gauge(
            registry, "payments_unsettled_seconds", "Age of the oldest report of a payment, or overdue one, not settled"
        )
        self.outbox_pending = gauge(registry, "outbox_pending", "Domain events not yet relayed")
        self.outbox_oldest = gauge(registry, "outbox_oldest_seconds", "Age of the oldest event not yet relayed")
        self.relayed = counters(
            registry, "events_relayed_total", "Deliveries to a sink", sink=sinks, result=RELAY_RESULTS
        )
        self.payments = counters(
            registry,
            "payments_total",
            "Payments settled, and requests left unanswered",
            provider=providers,
            result=PAYMENT_RESULTS,
        )
        self.payment_duration = histograms(
            registry,
            "payment_duration_seconds",
            "From a payment's beginning to its settlement",
            promise.buckets.tickets,
            provider=providers,
            result=PAYMENT_RESULTS,
        )
        self.payment_to_ticket = histogram(
            registry, "payment_to_ticket_seconds", "From the payment to its tickets", promise.buckets.tickets
        )
        self.waiting = WaitingMetrics(registry, promise.buckets.tickets)
        self.loop_lag = histogram(registry, "event_loop_lag_seconds", "How late the event loop ran a timer", seconds)
        self.vitals = VitalMetrics.of(registry, promise)
        collect_process(registry)


class PoolMetrics:
    """What backend.db's pool reports. Gauges can alias between scrapes, so saturation comes from busy over size."""

    def __init__(self, registry: Registry, edges: Sequence[float]) -> None:
        connections = gauges(registry, "db_pool_connections", "Database connections", state=("used", "idle"))
        self._used = connections.labels("used")
        self._idle = connections.labels("idle")
        self.connections(0, 0)
        self.size = gauge(registry, "db_pool_size", "Most connections the pool may open")
        self._busy = counter(registry, "db_pool_busy_seconds_total", "Time connections were in use, summed")
        self._timeouts = counter(registry, "db_pool_timeouts_total", "Callers that got no connection in time")
        self.waited = histogram(registry, "db_pool_wait_seconds", "Wait for a connection", edges).observe
        self.busy = self._busy.inc
        self.timed_out = self._timeouts.inc

    def connections(self, used: int, idle: int) -> None:
        self._used.value = used
        self._idle.value = idle

    def busy_share_seconds(self) -> float:
        """Seconds for which the whole pool has been in use so far: its growth in a second is the busy ratio."""
        return self._busy.value / (self.size.value or 1)


class WaitingMetrics:
    """The waiting rooms, all together. The gauges are the governor's; no other process has a value for them."""

    def __init__(self, registry: Registry, edges: Sequence[float]) -> None:
        self.waiting = gauge(registry, "waiting_room_waiting", "Customers who wait for their admission")
        self.inlet = gauge(registry, "waiting_room_inlet_per_second", "Admissions a second that the governor allows")
        self.admitted = counter(registry, "waiting_room_admitted_total", "Customers admitted to a sale")
        self.waited = histogram(
            registry, "waiting_room_wait_seconds", "From the place, or the opening, to the admission", edges
        )
        self.places = counters(registry, "waiting_room_places_total", "Places asked for", result=PLACE_RESULTS)
        self.refused = counters(
            registry,
            "waiting_room_refused_total",
            "Requests to hold without a good admission",
            reason=ADMISSION_REFUSALS,
        )


Vital = Literal["LCP", "INP", "CLS"]


@dataclass(frozen=True, slots=True)
class VitalMetrics:
    """What browsers report, by page."""

    families: dict[Vital, Family[Histogram]]

    @classmethod
    def of(cls, registry: Registry, promise: Promise) -> "VitalMetrics":
        buckets = promise.buckets
        return cls(
            {
                "LCP": histograms(
                    registry, "web_vitals_lcp_seconds", "Largest contentful paint", buckets.lcp, page=PAGES
                ),
                "INP": histograms(
                    registry, "web_vitals_inp_seconds", "Interaction to next paint", buckets.inp, page=PAGES
                ),
                "CLS": histograms(registry, "web_vitals_cls", "Cumulative layout shift", buckets.cls, page=PAGES),
            }
        )

    def observe(self, vital: Vital, page: str, value: float) -> None:
        self.families[vital].labels(page).observe(value)


def metrics_app(registry: Registry) -> web.Application:
    """GET /metrics, for a port of its own that the ingress never sees; GET /healthz for whoever has no other port."""

    async def show(request: web.Request) -> web.Response:
        content, headers = render(registry, request.headers.getall("Accept", []))
        return web.Response(body=content, headers=headers)

    async def alive(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    app = web.Application()
    app.router.add_get("/metrics", show)
    app.router.add_get("/healthz", alive)
    return app
