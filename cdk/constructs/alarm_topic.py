"""Where alarms go."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

# Who reports here: alarms, and the database's own events.
REPORTERS = ("cloudwatch.amazonaws.com", "events.rds.amazonaws.com")


def alarm_topic(scope: Construct, construct_id: str, *, name: str, address: str, key: kms.IKey) -> sns.Topic:
    """A topic that writes to one address; its owner confirms the first letter, or none comes after it."""
    topic = sns.Topic(scope, construct_id, topic_name=name, master_key=key, enforce_ssl=True)
    # A policy of its own takes the place of the one by which services of the account may publish.
    for service in REPORTERS:
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
            )
        )
    topic.add_subscription(subscriptions.EmailSubscription(address))
    return topic
