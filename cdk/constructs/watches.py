"""What is watched outside the cluster, and from when on it is trouble."""

from __future__ import annotations

from aws_cdk import aws_cloudwatch as cloudwatch

from cdk.constructs.alarms import Watch, metric
from cdk.settings.database import DatabaseSettings

GIB = 2**30
# Of the volume as it was at first. It grows when a tenth of what it is by then is left: this is reached only where it
# did not grow, however large it is; RDS tells by itself, as a failure, when it comes near to the most that it may be.
_STORAGE_LEFT = 0.08


def load_balancer(name: str) -> list[Watch]:
    """name: as CloudWatch knows it, app/NAME/ID."""

    def of(what: str, statistic: str = "Sum") -> cloudwatch.Metric:
        return metric("AWS/ApplicationELB", what, statistic, LoadBalancer=name)

    return [
        Watch(
            name="load-balancer-5xx",
            metric=of("HTTPCode_ELB_5XX_Count"),
            threshold=10,
            minutes=3,
            what="The load balancer itself answers 5xx: no healthy pod, or pods that close connections. See its log.",
        ),
        Watch(
            name="pods-5xx",
            metric=of("HTTPCode_Target_5XX_Count"),
            threshold=50,
            minutes=5,
            what="Pods answer 5xx. The SLO alerts say which journey; this one also works while Prometheus is down.",
        ),
        Watch(
            name="pods-unreachable",
            metric=of("TargetConnectionErrorCount"),
            threshold=20,
            minutes=3,
            what="Connections to pods fail: a security group, or pods that went before they were deregistered.",
        ),
    ]


def database(instance: str, settings: DatabaseSettings) -> list[Watch]:
    def of(what: str, statistic: str = "Maximum", every: int = 1) -> cloudwatch.Metric:
        return metric("AWS/RDS", what, statistic, every=every, DBInstanceIdentifier=instance)

    watches = [
        Watch(
            name="database-cpu",
            metric=of("CPUUtilization", "Average"),
            threshold=80,
            minutes=10,
            what="The database is busy: see Database Insights for the statements that take the time.",
        ),
        Watch(
            name="database-storage",
            metric=of("FreeStorageSpace", "Minimum"),
            threshold=settings.storage * GIB * _STORAGE_LEFT,
            minutes=15,
            what="The volume is nearly full and has not grown: raise database.max_storage, if it is that large by now. "
            "If not, it grew less than six hours ago and waits: find out what fills it.",
            below=True,
        ),
        Watch(
            name="database-connections",
            metric=of("DatabaseConnections"),
            threshold=int(settings.max_connections * 0.85),
            minutes=5,
            what="More connections than the pods may plan: something else connects, or a pool leaks.",
        ),
        Watch(
            name="database-memory",
            metric=of("FreeableMemory", "Minimum"),
            threshold=GIB / 4,
            minutes=15,
            what="The database runs out of memory: take a larger database.instance.",
            below=True,
        ),
    ]
    if settings.instance.startswith("t"):
        watches.append(
            Watch(
                name="database-credits",
                metric=of("CPUCreditBalance", "Minimum", every=5),
                threshold=30,
                minutes=10,
                what="A burstable instance has used up what it saved, and costs more or slows down.",
                below=True,
            )
        )
    return watches


def queue(name: str, dead_letters: str) -> list[Watch]:
    return [
        Watch(
            name="dead-letters",
            metric=metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", QueueName=dead_letters),
            threshold=1,
            minutes=1,
            what="A letter could not be written five times: read the message, mend the cause, redrive the queue.",
        ),
        Watch(
            name="letters-late",
            metric=metric("AWS/SQS", "ApproximateAgeOfOldestMessage", QueueName=name),
            threshold=600,
            minutes=5,
            what="Customers wait ten minutes for their tickets: is the worker running, does SES take letters?",
        ),
    ]


def mail() -> list[Watch]:
    """SES pauses an account at 10 % bounces or 0.5 % complaints, and looks closer from half of that on."""
    return [
        Watch(
            name="mail-bounces",
            metric=metric("AWS/SES", "Reputation.BounceRate", every=60),
            threshold=0.05,
            minutes=60,
            what="One letter in twenty cannot be delivered; at one in ten SES stops sending.",
        ),
        Watch(
            name="mail-complaints",
            metric=metric("AWS/SES", "Reputation.ComplaintRate", every=60),
            threshold=0.001,
            minutes=60,
            what="One reader in a thousand calls our letters spam; at one in two hundred SES stops sending.",
        ),
    ]
