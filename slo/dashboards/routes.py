"""Rate, errors and duration of every route."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from slo.dashboards.board import Board, choice
from slo.dashboards.panels import ORANGE, RED, Look, clouds, lines, rows
from slo.objectives import HTTP
from slo.spec import Spec

CHOSEN = 'journey=~"$journey"'
ROUTE = "{{method}} {{route}}"


def routes(spec: Spec) -> Board:
    return Board(
        name="routes",
        title="Routes: rate, errors, duration",
        says="What is asked of each route, what it answers, and how long that takes.",
        variables=[choice("journey", "Journey", f"{HTTP}_count")],
        rows=[
            ("Rate", _rate()),
            ("Errors", _errors(spec)),
            ("Duration", _duration(spec)),
            ("In browsers", _browsers(spec)),
        ],
    )


def quantile(share: float, matchers: str, by: str = "") -> str:
    """PromQL for the duration that this share of requests stays under; by: further labels, e.g. ", route"."""
    return f"histogram_quantile({share:g}, sum by (le{by}) (rate({HTTP}_bucket{{{matchers}}}[$__rate_interval])))"


def _rate() -> list[Builder[Panel]]:
    each = f"sum by (%s) (rate({HTTP}_count{{{CHOSEN}}}[$__rate_interval]))"
    told = 'sum by (code) (rate(http_requests_total{code=~"409|429|499"}[$__rate_interval]))'
    return [
        lines("Requests", Look("reqps"), (each % "method, route", ROUTE)),
        lines("Outcomes", Look("reqps", stacked=True), (each % "outcome", "{{outcome}}")),
        lines(
            "Answers by status, of all routes",
            Look("reqps", stacked=True),
            ("sum by (code) (rate(http_requests_total[$__rate_interval]))", "{{code}}"),
        ),
        lines(
            "Answers that are no failures and yet tell something",
            Look("percentunit", says="409 sold out or in conflict, 429 our own limit, 499 left before the answer."),
            (f"{told} / on () group_left () (sum(rate(http_requests_total[$__rate_interval])) > 0)", "{{code}}"),
        ),
    ]


def _errors(spec: Spec) -> list[Builder[Panel]]:
    allowed = round(1 - spec.objectives.availability.target, 12)
    bad = f'sum by (%s) (rate({HTTP}_count{{{CHOSEN},outcome="bad"}}[%s]))'
    counted = f'(sum by (%s) (rate({HTTP}_count{{{CHOSEN},outcome=~"good|bad"}}[%s])) > 0)'
    by_route, now = ("method, route", "$__rate_interval"), ("method, route", "$__range")
    return [
        lines(
            "Share of bad answers",
            Look("percentunit", ((allowed, RED),), says="The line is what the objective allows over its window."),
            (f"{bad % by_route} / {counted % by_route}", ROUTE),
        ),
        rows(
            "Ten routes with most bad answers",
            Look("percentunit", ((allowed, RED),)),
            (f"topk(10, {bad % now} / {counted % now})", ""),
        ),
        lines(
            "5xx that customers saw and we did not send",
            Look("reqps", says="From the load balancer, by the CloudWatch exporter: what never reached a pod."),
            ("sum(aws_applicationelb_httpcode_elb_5_xx_count_sum) / 60", "load balancer"),
            ('sum(rate(http_requests_total{code=~"5.."}[$__rate_interval]))', "ours"),
        ),
    ]


def _duration(spec: Spec) -> list[Builder[Panel]]:
    good = f'{CHOSEN},outcome="good"'
    first = spec.objectives.latency[0]
    edges = [(latency.under, color) for latency, color in zip(spec.objectives.latency, (ORANGE, RED), strict=False)]
    per_route = quantile(first.target, good, ", method, route")
    fast = f'sum by (journey) (rate({HTTP}_bucket{{{good},le="{first.under!r}"}}[$__rate_interval]))'
    answered = f"(sum by (journey) (rate({HTTP}_count{{{good}}}[$__rate_interval])) > 0)"
    return [
        lines(
            "Duration of good answers",
            Look("s", edges, says="Interpolated within buckets; the objectives count, they do not interpolate."),
            *((quantile(share, good), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)),
        ),
        lines(
            f"Share answered within {first.under:g} s",
            Look("percentunit", ((first.target, "green"),), RED, lowest=None, highest=1),
            (f"{fast} / {answered}", "{{journey}}"),
        ),
        clouds(
            "All durations",
            Look("s"),
            (f"sum by (le) (increase({HTTP}_bucket{{{good}}}[$__rate_interval]))", "{{le}}"),
        ),
        rows(
            f"Ten slowest routes, p{first.target * 100:g}",
            Look("s", edges),
            (f"topk(10, {per_route.replace('$__rate_interval', '$__range')})", ""),
        ),
        lines(f"p{first.target * 100:g} of each route", Look("s", edges, width=24), (per_route, ROUTE)),
    ]


def _browsers(spec: Spec) -> list[Builder[Panel]]:
    """What browsers report, by page. Few do at a time, so over an hour."""
    load = spec.objectives.page_load
    share = "histogram_quantile(%g, sum by (le, page) (rate(web_vitals_%s_bucket[1h])))"
    says = "Good is up to %s for three views in four, as Core Web Vitals has it."
    return [
        lines(
            f"Largest contentful paint, p{load.quantile * 100:g}",
            Look("s", ((load.under, RED),), says="Advisory: nobody is alerted at night for it.", width=8),
            (share % (load.quantile, "lcp_seconds"), "{{page}}"),
        ),
        lines(
            "Interaction to next paint, p75",
            Look("s", ((0.2, RED),), says=says % "200 ms", width=8),
            (share % (0.75, "inp_seconds"), "{{page}}"),
        ),
        lines(
            "Cumulative layout shift, p75",
            Look("none", ((0.1, RED),), says=says % "0.1", width=8),
            (share % (0.75, "cls"), "{{page}}"),
        ),
    ]
