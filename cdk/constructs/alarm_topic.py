"""Where alarms go."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

# Who reports here: alarms, and the database's own events.
REPORTERS = ("cloudwatch.amazonaws.com", "events.rds.amazonaws.com")


def alarm_topic(scope: Construct, construct_id: str, *, name: str, address: str, key: kms.IKey) -> sns.Topic:
    """A topic that writes to one address; its owner confirms the first letter, or none comes after it."""
    topic = sns.Topic(scope, construct_id, topic_name=name, master_key=key, enforce_ssl=True)
    topic.add_subscription(subscriptions.EmailSubscription(address))
    return topic
