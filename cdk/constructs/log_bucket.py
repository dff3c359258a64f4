"""Where the load balancer writes down every request."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.constructs.escape import present
from cdk.constructs.findings import accept
from cdk.constructs.retention import lasting

WRITER = "logdelivery.elasticloadbalancing.amazonaws.com"


def load_balancer_logs(
    scope: Construct, construct_id: str, *, keep_days: int, reader: str, protected: bool
) -> s3.Bucket:
    """A closed bucket that load balancers of this account may write to, and one role may read.

    Addresses of requests are in it, with their queries: those of orders carry the key to the order. So being allowed to
    read buckets is not enough here. reader: the role's name. Without protection what is in it goes with it.
    """
    bucket = s3.Bucket(
        scope,
        construct_id,
        encryption=s3.BucketEncryption.S3_MANAGED,  # load balancers write with no other
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        versioned=False,
        lifecycle_rules=[
            s3.LifecycleRule(
                expiration=Duration.days(keep_days), abort_incomplete_multipart_upload_after=Duration.days(1)
            )
        ],
        removal_policy=lasting(protected=protected),
        auto_delete_objects=not protected,
    )
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(WRITER)],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"AWSLogs/{Stack.of(scope).account}/*")],
        )
    )
    role = _let_read(bucket, reader)
    if protected:
        # Without them the log, which stays, would be open to whoever may read buckets, or to nobody.
        for kept in (present(bucket.policy), role):
            kept.apply_removal_policy(lasting(protected=protected))
    accept(bucket, {"AwsSolutions-S1": "It holds logs itself: logging who reads them would never end."})
    return bucket


def _let_read(bucket: s3.Bucket, name: str) -> iam.Role:
    """People of this account take the role on, which is recorded; nobody reads without it."""
    role = iam.Role(
        bucket,
        "Reader",
        role_name=name,
        description="Reads the load balancer's log; taken on by people of this account, never by pipelines",
        assumed_by=iam.AccountRootPrincipal(),
    )
    objects = bucket.arn_for_objects("*")
    for actions, resource in (("s3:GetObject", objects), ("s3:ListBucket", bucket.bucket_arn)):
        bucket.add_to_resource_policy(iam.PolicyStatement(principals=[role], actions=[actions], resources=[resource]))
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            effect=iam.Effect.DENY,
            principals=[iam.AnyPrincipal()],
            actions=["s3:GetObject"],
            resources=[objects],
            conditions={"ArnNotEquals": {"aws:PrincipalArn": role.role_arn}},
        )
    )
    return role
