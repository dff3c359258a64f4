"""Alarms about what runs outside the cluster; what runs inside is Prometheus's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_AT_MOST = cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One alarm: when it stays so for `minutes`. what: what it means, and what to look at first."""

    name: str
    metric: cloudwatch.Metric
    threshold: float
    minutes: int
    what: str
    below: bool = False

    @property
    def periods(self) -> int:
        """Values of the metric, one after the other, that must be so."""
        return self.minutes * 60 // int(self.metric.period.to_seconds())


def alarms(
    scope: Construct, construct_id: str, *, prefix: str, topic: sns.ITopic, watches: Sequence[Watch]
) -> Construct:
    """An alarm for each, which reports its begin and its end. No data is no trouble: nothing has happened."""
    group = Construct(scope, construct_id)
    report = actions.SnsAction(topic)
    for watch in watches:
        alarm = cloudwatch.Alarm(
            group,
            watch.name,
            alarm_name=f"{prefix}-{watch.name}",
            alarm_description=watch.what,
            metric=watch.metric,
            threshold=watch.threshold,
            evaluation_periods=watch.periods,
            comparison_operator=_AT_MOST if watch.below else _AT_LEAST,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(report)
        alarm.add_ok_action(report)
    return group


def metric(
    namespace: str, name: str, statistic: str = "Maximum", *, every: int = 1, **dimensions: str
) -> cloudwatch.Metric:
    """A metric of AWS's. every: minutes between its values; an alarm over shorter periods finds most of them empty."""
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=Duration.minutes(every),
    )
