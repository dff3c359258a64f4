"""How long logs are kept, and what stays when its stack goes."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs

# One for each of cdk.settings.checks.LOG_DAYS.
_DAYS = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


def days(number: int) -> logs.RetentionDays:
    """CloudWatch knows certain numbers of days only."""
    return _DAYS[number]


def lasting(*, protected: bool, otherwise: RemovalPolicy = RemovalPolicy.DESTROY) -> RemovalPolicy:
    """It stays when its stack goes, where that is protected.

    But it goes with a stack whose creation fails: nothing is in it yet, and the next try finds its name free.
    """
    return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if protected else otherwise
