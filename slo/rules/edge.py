"""What the service itself cannot count as its failures: clients it refuses, and requests that never reach it."""

from collections.abc import Iterator

from slo import series
from slo.rules.model import Alert, Group
from slo.spec import Spec

_EXPORTER = "yet-another-cloudwatch-exporter"  # which names these as follows
_FAILED = "sum by (dimension_LoadBalancer) (aws_applicationelb_httpcode_elb_5_xx_count_sum)"
_PASSED_ON = "sum by (dimension_LoadBalancer) (aws_applicationelb_request_count_sum)"


def groups(spec: Spec) -> Iterator[Group]:
    yield Group("edge", (_throttled(spec), _probe_failing(spec), _prescaling_failing(spec), _edge_errors(spec)))


def _throttled(spec: Spec) -> Alert:
    rule, short = spec.alerting.throttled, series.duration(spec.sample_window)
    refused = f'sum by (route) (increase(http_requests_total{{code="429"}}[{short}]))'
    every = f"sum by (route) (increase(http_requests_total[{short}]))"
    return Alert(
        name="ClientsThrottled",
        when=f"> {rule.share:.0%} of a route's requests get 429, {spec.alerting.minimum_bad_events} or more in {short}",
        expr=f"{refused} / ({every} > 0) > {rule.share!r}\nand {refused} >= {spec.alerting.minimum_bad_events}",
        severity="ticket",
        slo="limits",
        lasting=rule.for_,
        summary="Our own limits refuse many requests to {{ $labels.route }}",
        description=(
            "{{ $value | humanizePercentage }} of them are answered 429; no objective counts these, so look whether "
            "they are robots or customers."
        ),
    )


def _probe_failing(spec: Spec) -> Alert:
    return Alert(
        name="ProbeFailing",
        when=f"no booking by the shop's own address went well for {spec.alerting.probe_oldest} s",
        expr=_fails("probe", spec.alerting.probe_oldest),
        severity="page",
        slo="availability",
        summary="Nobody can book in {{ $labels.namespace }}, as far as the probe sees",
        description="It tries each minute, and last succeeded {{ $value | humanizeDuration }} ago.",
    )


def _prescaling_failing(spec: Spec) -> Alert:
    """Who would see it else: a task that fails each minute leaves no failed Job for as long as other alerts wait."""
    return Alert(
        name="PrescalingFailing",
        when=f"pods were not made ready for the next sale for {spec.alerting.probe_oldest} s",
        expr=_fails("prescaling", spec.alerting.probe_oldest),
        severity="page",
        slo="availability",
        summary="Nothing brings pods ahead of the next sale in {{ $labels.namespace }}",
        description="It looks each minute, and last succeeded {{ $value | humanizeDuration }} ago.",
    )


def _fails(task: str, oldest: int) -> str:
    """By the last time that it went well, as failed Jobs and Jobs that never started leave the same gap.

    One that was never successful counts from its beginning; one that somebody has suspended is meant to be silent.
    """
    succeeded, created, suspended = (
        f'max by (namespace) (kube_cronjob_{what}{{cronjob="{task}"}})'
        for what in ("status_last_successful_time", "created", "spec_suspend")
    )
    return f"time() - ({succeeded} or {created}) > {oldest}\nunless {suspended} == 1"


def _edge_errors(spec: Spec) -> Alert:
    """A request that found no target at all is counted as failed, and not as passed on."""
    rule = spec.alerting.edge
    every = f"({_FAILED} + ({_PASSED_ON} or 0 * {_FAILED}))"
    return Alert(
        name="EdgeErrorsHigh",
        when=f"> {rule.share:.0%} of the requests, {spec.alerting.minimum_bad_events} or more",
        expr=f"{_FAILED} / ({every} > 0) > {rule.share!r}\nand {_FAILED} >= {spec.alerting.minimum_bad_events}",
        severity="page",
        slo="availability",
        lasting=rule.for_,
        summary="The load balancer answers errors by itself",
        description=(
            "{{ $value | humanizePercentage }} of the requests to {{ $labels.dimension_LoadBalancer }} get a 5xx that "
            "no pod has seen."
        ),
        exporter=_EXPORTER,
    )
