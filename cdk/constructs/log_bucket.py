"""Where the load balancer writes down every request."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.constructs.findings import accept

WRITER = "logdelivery.elasticloadbalancing.amazonaws.com"


def load_balancer_logs(scope: Construct, construct_id: str, *, keep_days: int, protected: bool) -> s3.Bucket:
    """A closed bucket that load balancers of this account may write to."""
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
        removal_policy=RemovalPolicy.RETAIN if protected else RemovalPolicy.DESTROY,
    )
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(WRITER)],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"AWSLogs/{Stack.of(scope).account}/*")],
        )
    )
    accept(bucket, {"AwsSolutions-S1": "It holds logs itself: logging who reads them would never end."})
    return bucket
