"""Latency seen directly: faster to notice than the budget of an objective that allows one slow request in twenty."""

from collections.abc import Iterator

from slo import series
from slo.objectives import HTTP
from slo.rules.model import Alert, Group
from slo.spec import Spec

QUANTILE_ALERT = "LatencyP95Breaching"


def groups(spec: Spec) -> Iterator[Group]:
    yield Group("latency", (_quantile_breaching(spec), _page_load_slow(spec)))


def _quantile_breaching(spec: Spec) -> Alert:
    """Counts the requests of the whole time that the alert looks at, so that a quiet journey is judged by as many."""
    latency, rule = spec.objectives.latency[0], spec.alerting.slow_quantile
    looked_at = series.duration(spec.sample_window + rule.for_)
    requests = f'sum by (journey) (increase({HTTP}_count{{outcome="good"}}[{looked_at}]))'
    return Alert(
        name=QUANTILE_ALERT,
        when=f"{latency.target:.0%} take longer than {latency.under:g} s, of {rule.minimum_requests} requests or more",
        expr=f"{series.LATENCY_QUANTILE} > {latency.under!r}\nand {requests} >= {rule.minimum_requests}",
        severity="ticket",
        slo=f"latency-{latency.under * 1000:.0f}ms",
        lasting=rule.for_,
        summary="The journey {{ $labels.journey }} is slow",
        description=(
            f"{latency.target:.0%} of its requests are to be answered within {latency.under:g} s; now that takes "
            "{{ $value | humanizeDuration }}."
        ),
    )


def _page_load_slow(spec: Spec) -> Alert:
    """Advisory: browsers and networks differ too much for a budget."""
    load, rule = spec.objectives.page_load, spec.alerting.slow_quantile
    over = series.duration(spec.alerting.of("page")[0].long)  # browsers report far less often than requests come
    slow = f"histogram_quantile({load.quantile!r}, sum by (page, le) (rate(web_vitals_lcp_seconds_bucket[{over}])))"
    views = f"sum by (page) (increase(web_vitals_lcp_seconds_count[{over}]))"
    return Alert(
        name="PageLoadSlow",
        when=f"LCP at {load.quantile:.0%} > {load.under:g} s over {over}, of {rule.minimum_requests} views or more",
        expr=f"{slow} > {load.under!r}\nand {views} >= {rule.minimum_requests}",
        severity="ticket",
        slo="page-load",
        lasting=rule.for_,
        summary="The page {{ $labels.page }} appears slowly in browsers",
        description=(
            f"{load.quantile:.0%} of its views are to show their largest part within {load.under:g} s; now that takes "
            "{{ $value | humanizeDuration }}."
        ),
    )
