"""Keys of our own, so that whoever reads the data needs a permission that we gave."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


def encryption_key(
    scope: Construct, construct_id: str, *, purpose: str, protected: bool, services: tuple[str, ...] = ()
) -> kms.Key:
    """A key that changes its material once a year. services: AWS services that encrypt with it on their own behalf."""
    key = kms.Key(
        scope,
        construct_id,
        description=purpose,
        enable_key_rotation=True,
        pending_window=Duration.days(30 if protected else 7),
        removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
    )
    for service in services:
        key.grant_encrypt_decrypt(iam.ServicePrincipal(service))
    return key
