"""Keys of our own, so that whoever reads the data needs a permission that we gave."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.constructs.retention import lasting


def encryption_key(
    scope: Construct, construct_id: str, *, purpose: str, protected: bool, services: tuple[str, ...] = ()
) -> kms.Key:
    """A key that changes its material once a year. services: what of AWS publishes with it, in this account."""
    key = kms.Key(
        scope,
        construct_id,
        description=purpose,
        enable_key_rotation=True,
        pending_window=Duration.days(30 if protected else 7),
        removal_policy=lasting(protected=protected),
    )
    for service in services:
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(service)],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
            )
        )
    return key


def let_logs_use(key: kms.IKey, group_name: str) -> None:
    """One group of CloudWatch's may be encrypted with it."""
    stack = Stack.of(key)
    group = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:{group_name}"
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
            actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            resources=["*"],
            conditions={"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": group}},
        )
    )
