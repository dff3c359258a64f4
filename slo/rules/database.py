"""The database pool. All tickets: a busy pool hurts nobody yet, and when it does, availability and latency page.

Each looks at the busiest pod: an average over pods would hide the one whose customers wait.
"""

from collections.abc import Iterator

from slo import series
from slo.rules.model import Alert, Group
from slo.spec import Spec


def groups(spec: Spec) -> Iterator[Group]:
    yield Group("database", (_busy(spec), _waiting(spec), _timeouts(spec)))


def _busy(spec: Spec) -> Alert:
    return Alert(
        name="DatabaseSaturationHigh",
        when=f"the busiest pod's connections are in use > {spec.objectives.saturation.busy:.0%}",
        expr=f"max({series.POOL_BUSY}) > {spec.objectives.saturation.busy!r}",
        severity="ticket",
        slo="saturation",
        lasting=spec.alerting.saturation.for_,
        summary="The database pool of a pod is nearly always in use",
        description=(
            "The busiest pod's connections are in use {{ $value | humanizePercentage }} of the time; more than "
            f"{spec.objectives.saturation.busy:.0%} leaves no room for a rush."
        ),
    )


def _waiting(spec: Spec) -> Alert:
    rule, slice_ = spec.alerting.saturation, series.duration(spec.objectives.saturation.slice)
    waits = f"sum by (instance, le) (rate(db_pool_wait_seconds_bucket[{slice_}]))"
    return Alert(
        name="DatabasePoolWaitHigh",
        when=f"the wait for a connection at {rule.wait_quantile:.0%} > {rule.wait:g} s in the worst pod",
        expr=f"max(histogram_quantile({rule.wait_quantile!r}, {waits})) > {rule.wait!r}",
        severity="ticket",
        slo="saturation",
        lasting=rule.for_,
        summary="Requests wait for a database connection",
        description=(
            f"{rule.wait_quantile:.0%} of the callers in one pod get a connection within "
            f"{{{{ $value | humanizeDuration }}}}; expected are {rule.wait:g} s."
        ),
    )


def _timeouts(spec: Spec) -> Alert:
    slice_ = series.duration(spec.objectives.saturation.slice)
    return Alert(
        name="DatabasePoolTimeouts",
        when=f"callers got no connection, in every {slice_}",
        expr=f"sum(increase(db_pool_timeouts_total[{slice_}])) > 0",
        severity="ticket",
        slo="saturation",
        lasting=spec.alerting.saturation.for_,
        summary="Requests get no database connection in time",
        description=f'Callers that gave up waiting within {slice_}: {{{{ printf "%.0f" $value }}}}, and so it goes on.',
    )
