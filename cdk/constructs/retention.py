"""How long logs are kept."""

from __future__ import annotations

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
