"""What is measured of each request: counts by status, durations by outcome, requests in flight and shed."""

from collections.abc import Iterable

from aioprometheus.collectors import Registry

from backend.telemetry.instruments import (
    Counter,
    Family,
    Gauge,
    Histogram,
    collect,
    counter,
    counters,
    histograms,
)
from backend.telemetry.promise import Promise
from backend.telemetry.promise_sections import OUTCOMES, Outcome

UNMATCHED = "unmatched"
OTHER = "other"  # stands for any method that is none of the usual ones
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", OTHER)


class RouteMeter:
    """Records the requests of one method and route."""

    def __init__(
        self,
        promise: Promise,
        labels: tuple[str, str],
        requests: Family[Counter],
        durations: dict[Outcome, Histogram] | None,
    ) -> None:
        _, self.route = labels
        self._promise = promise
        self._labels = labels
        self._requests = requests
        self._durations = durations
        self._codes: dict[int, Counter] = {}

    def record(self, status: int, seconds: float) -> None:
        counted = self._codes.get(status) or self.expect(status)
        counted.inc()
        if self._durations is not None:
            self._durations[self._promise.outcome(status, seconds)].observe(seconds)

    def expect(self, status: int) -> Counter:
        """Count this status from zero; without it the first such answer would be lost to rate()."""
        known = status if 100 <= status <= 599 else 500
        counted = self._codes[status] = self._requests.add(*self._labels, str(known))
        return counted


class HttpMetrics:
    """The http_* metrics. Routes are declared when the service starts, so that a path can never become a label."""

    def __init__(self, registry: Registry, promise: Promise) -> None:
        self._promise = promise
        self._meters: dict[tuple[str, str], RouteMeter] = {}
        self._requests = counters(registry, "http_requests_total", "Requests answered", method=(), route=(), code=())
        self._durations = histograms(
            registry,
            "http_request_duration_seconds",
            "Time from the request, once all of it has come, to its answer, of the routes that the promise covers",
            promise.buckets.seconds,
            method=(),
            route=(),
            journey=(),
            outcome=(),
        )
        self.in_flight = 0
        collect(
            registry,
            Gauge,
            "http_requests_in_flight",
            "Requests being answered, without streams",
            lambda: iter([({}, self.in_flight)]),
        )
        self.shed = counter(registry, "requests_shed_total", "Requests refused because too many were in flight")

    def declare(self, method: str, route: str, statuses: Iterable[int] = ()) -> RouteMeter:
        """The meter of a served route, with zero series for these statuses and each outcome."""
        meter = self._meters.get((method, route))
        if meter is None:
            meter = RouteMeter(self._promise, (method, route), self._requests, self._durations_of(method, route))
            self._meters[method, route] = meter
        for status in statuses:
            meter.expect(status)
        return meter

    def unmatched(self, method: str) -> RouteMeter:
        """The meter of requests that no route answers (404 and 405)."""
        return self.declare(method if method in METHODS else OTHER, UNMATCHED)

    def _durations_of(self, method: str, route: str) -> dict[Outcome, Histogram] | None:
        journey = self._promise.route_journeys.get(f"{method} {route}")
        if journey is None:
            return None
        return {outcome: self._durations.add(method, route, journey, outcome) for outcome in OUTCOMES}
