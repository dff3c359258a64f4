"""Clients that our limits refuse, probes that cannot book, and load balancers that answer errors by themselves."""

from collections.abc import Iterator

from slo.ruletests.model import Series, World
from slo.ruletests.notation import counter, gauge
from slo.ruletests.simple import Span, span_checks, steps
from slo.ruletests.traffic import name
from slo.spec import Spec

_LENGTH = 75
_FROM, _UNTIL = 10, 45


def worlds(spec: Spec) -> Iterator[World]:
    """Each route and each load balancer is a case of its own."""
    throttled, errors = spec.alerting.throttled.share, spec.alerting.edge.share
    minimum, short = spec.alerting.minimum_bad_events, steps(spec.sample_window)
    refused = {
        "/api/events": throttled * 1.5 * 1000,
        "/api/basket": throttled * 0.5 * 1000,
    }
    series: list[Series] = []
    for route, per_minute in refused.items():
        series += _requests(route, answered=1000 - per_minute, refused=per_minute)
    series += _requests("/api/rum", answered=0, refused=minimum / short / 2)  # all are refused, but these are few
    balancers = {"rush": (errors * 1.5, 10_000.0), "calm": (errors * 0.5, 10_000.0), "quiet": (1.0, minimum / 2)}
    for balancer, (share, requests) in balancers.items():
        series += _balancer(balancer, failed=requests * share, passed_on=requests * (1 - share))
    series += _balancer("no-targets", failed=minimum * 2, passed_on=None)
    series += _probe("well")
    series += _probe("failing", stands_from=_FROM, until=_UNTIL)
    series += _probe("suspended", stands_from=_FROM, until=_UNTIL, suspended=True)
    series += _probe("never")[1:]
    series += _probe("pods", cronjob="prescaling", stands_from=_FROM, until=_UNTIL)
    series += _probe("pods-well", cronjob="prescaling")
    noticed = spec.alerting.probe_oldest // 60 + 1
    spans = [
        # The rate rises over the short window from the first refusal on, and falls after the last.
        Span("ClientsThrottled", _FROM + short, _UNTIL, {"route": "/api/events"}, ragged=short),
        Span("ClientsThrottled", labels={"route": "/api/basket"}),
        Span("ClientsThrottled", labels={"route": "/api/rum"}),
        Span("ProbeFailing", _FROM + noticed, _UNTIL, {"namespace": "failing"}),
        Span("ProbeFailing", noticed, _LENGTH, {"namespace": "never"}),
        Span("ProbeFailing", labels={"namespace": "well"}),
        Span("ProbeFailing", labels={"namespace": "suspended"}),
        Span("PrescalingFailing", _FROM + noticed, _UNTIL, {"namespace": "pods"}),
        Span("PrescalingFailing", labels={"namespace": "pods-well"}),
        Span("EdgeErrorsHigh", _FROM, _UNTIL, {"dimension_LoadBalancer": "rush"}),
        Span("EdgeErrorsHigh", _FROM, _UNTIL, {"dimension_LoadBalancer": "no-targets"}),
        Span("EdgeErrorsHigh", labels={"dimension_LoadBalancer": "calm"}),
        Span("EdgeErrorsHigh", labels={"dimension_LoadBalancer": "quiet"}),
    ]
    about = "a route, two probes and two load balancers do badly for a while, the others only look as if they did"
    yield World(about, tuple(series), tuple(span_checks(spec, spans, _LENGTH)))


def _requests(route: str, *, answered: float, refused: float) -> Iterator[Series]:
    labels = {"route": route, "method": "GET"}
    during = [0.0] * _FROM + [refused] * (_UNTIL - _FROM) + [0.0] * (_LENGTH - _UNTIL)
    yield Series(name("http_requests_total", {**labels, "code": "200"}), counter([answered] * _LENGTH))
    yield Series(name("http_requests_total", {**labels, "code": "429"}), counter(during))


def _probe(
    namespace: str, *, cronjob: str = "probe", stands_from: int = 0, until: int = 0, suspended: bool = False
) -> list[Series]:
    """Its last success, which stays what it was for a while; a world begins at the time 0."""
    labels = {"namespace": namespace, "cronjob": cronjob}
    last = [stands_from if stands_from <= minute < until else minute for minute in range(_LENGTH)]
    values = {
        "status_last_successful_time": [minute * 60.0 for minute in last],
        "created": [0.0] * _LENGTH,
        "spec_suspend": [float(suspended)] * _LENGTH,
    }
    return [Series(name(f"kube_cronjob_{what}", labels), gauge(each)) for what, each in values.items()]


def _balancer(balancer: str, *, failed: float, passed_on: float | None) -> Iterator[Series]:
    labels = {"dimension_LoadBalancer": balancer}
    during = [0.0] * _FROM + [failed] * (_UNTIL - _FROM) + [0.0] * (_LENGTH - _UNTIL)
    yield Series(name("aws_applicationelb_httpcode_elb_5_xx_count_sum", labels), gauge(during))
    if passed_on is not None:
        yield Series(name("aws_applicationelb_request_count_sum", labels), gauge([passed_on] * _LENGTH))
