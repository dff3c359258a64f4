"""One screen for the minutes in which everybody comes: what arrives, what is sold, what runs out first."""

from dataclasses import replace

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from slo.dashboards.board import Board
from slo.dashboards.business import holds, sold
from slo.dashboards.database import busiest
from slo.dashboards.panels import RED, Look, lines, numbers
from slo.dashboards.routes import quantile
from slo.objectives import HTTP
from slo.spec import Spec

_SHARES = (0.5, 0.95)


def onsale(spec: Spec) -> Board:
    return Board(
        name="onsale",
        title="On-sale cockpit",
        says="For the minutes in which everybody comes.",
        since="now-30m",
        rows=[
            ("Now", _now(spec)),
            ("Demand", _demand()),
            ("Waiting rooms", _waiting()),
            ("What runs out first", _limits(spec)),
        ],
    )


def _now(spec: Spec) -> list[Builder[Panel]]:
    first = spec.objectives.latency[0]
    allowed = round(1 - spec.objectives.availability.target, 12)
    book = f'rate({HTTP}_count{{journey="book",outcome=~"%s"}}[1m])'
    tile = Look(width=6, height=5)
    slow, failed = replace(tile, unit="s", steps=((first.under, RED),)), replace(tile, unit="percentunit")
    duration = quantile(first.target, 'journey="book",outcome="good"').replace("$__rate_interval", "1m")
    return [
        numbers(f"Buying, p{first.target * 100:g}", slow, (duration, "duration")),
        numbers(
            "Buying, bad answers",
            replace(failed, steps=((allowed, RED),)),
            (f"sum({book % 'bad'}) / (sum({book % 'good|bad'}) > 0)", "bad"),
        ),
        numbers("Tickets sold, in the time shown", tile, ("sum(increase(tickets_sold_total[$__range]))", "sold")),
        numbers(
            "Oversold, or invariants that do not hold",
            replace(tile, steps=((1, RED),)),
            ("max(tickets_oversold) + max(invariants_broken)", "wrong"),
        ),
    ]


def _demand() -> list[Builder[Panel]]:
    arrived = f"sum by (journey) (rate({HTTP}_count[$__rate_interval]))"
    return [
        lines("Requests", Look("reqps"), (arrived, "{{journey}}")),
        holds(),
        sold(),
        lines(
            "Sent by a load test",
            Look("reqps", says="From k6, when it writes to this Prometheus: what was sent, beside what arrived."),
            ("sum by (journey) (rate(k6_journey_requests_total[$__rate_interval]))", "{{journey}}"),
        ),
    ]


def _waiting() -> list[Builder[Panel]]:
    admitted = "sum(rate(waiting_room_admitted_total[$__rate_interval]))"
    waits = "histogram_quantile(%s, sum by (le) (rate(waiting_room_wait_seconds_bucket[$__rate_interval])))"
    places = "sum by (result) (rate(waiting_room_places_total[$__rate_interval]))"
    refused = "sum by (reason) (rate(waiting_room_refused_total[$__rate_interval]))"
    return [
        lines("Customers who wait", Look(), ("max(waiting_room_waiting)", "waiting")),
        lines(
            "Admissions",
            Look("ops", says="Allowed: the inlet, which is cut when buying gets slow, fails, or the database is busy."),
            (admitted, "admitted"),
            ("max(waiting_room_inlet_per_second)", "allowed"),
        ),
        lines(
            "From the place, or the opening, to the admission",
            Look("s"),
            *((waits % share, f"p{share * 100:g}") for share in _SHARES),
        ),
        lines("Places asked for", Look("ops", stacked=True), (places, "{{result}}")),
        lines(
            "Turned away from the stock",
            Look(
                "ops", says="Requests to hold without a good admission: pages that are behind, and attempts to get by."
            ),
            (refused, "{{reason}}"),
        ),
    ]


def _limits(spec: Spec) -> list[Builder[Panel]]:
    first = spec.objectives.latency[0]
    refused = 'sum by (code) (rate(http_requests_total{code=~"429|503"}[$__rate_interval]))'
    lag = "histogram_quantile(0.99, sum by (le, instance) (rate(event_loop_lag_seconds_bucket[$__rate_interval])))"
    return [
        lines(
            "Duration of good answers",
            Look("s", ((first.under, RED),)),
            *(
                (quantile(share, 'outcome="good"', ", journey"), f"{{{{journey}}}} p{share * 100:g}")
                for share in _SHARES
            ),
        ),
        lines(
            "Refused",
            Look("reqps", says="503: more than the shop can do. 429: more than one client may ask."),
            (refused, "{{code}}"),
            ("sum(rate(requests_shed_total[$__rate_interval]))", "shed"),
        ),
        busiest(spec),
        lines("How late the event loop runs, p99", Look("s", ((0.1, RED),)), (lag, "{{instance}}")),
        lines("Requests in flight", Look(), ("sum(http_requests_in_flight)", "in flight")),
        lines(
            "Age of the oldest event in the outbox",
            Look("s", ((spec.alerting.outbox_oldest, RED),)),
            ("max(outbox_oldest_seconds)", "oldest"),
        ),
    ]
