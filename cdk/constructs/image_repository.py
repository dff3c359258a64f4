"""Where the images of one program are kept."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.constructs.retention import lasting

KEPT_IMAGES = 50  # more than anybody would roll back
UNTAGGED_DAYS = 7
READS = ("ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer")


def image_repository(
    scope: Construct, construct_id: str, *, name: str, key: kms.IKey, protected: bool, readers: Sequence[str] = ()
) -> ecr.Repository:
    """A tag means one image for ever; what is pushed gets scanned; what nobody can name any more goes.

    readers: other accounts, each of which says by its own policies who of it may read.
    """
    made = ecr.Repository(
        scope,
        construct_id,
        repository_name=name,
        image_tag_mutability=ecr.TagMutability.IMMUTABLE,
        image_scan_on_push=True,
        encryption=ecr.RepositoryEncryption.KMS,
        encryption_key=key,
        empty_on_delete=not protected,
        removal_policy=lasting(protected=protected),
        lifecycle_rules=[
            ecr.LifecycleRule(
                rule_priority=1,
                description="What neither a tag nor an index names",
                tag_status=ecr.TagStatus.UNTAGGED,
                max_image_age=Duration.days(UNTAGGED_DAYS),
            ),
            # Of tags, not of all: beside its index a build leaves an untagged image for each platform and attestation.
            ecr.LifecycleRule(
                rule_priority=2,
                description=f"All but the newest {KEPT_IMAGES}",
                tag_status=ecr.TagStatus.TAGGED,
                tag_pattern_list=["*"],
                max_image_count=KEPT_IMAGES,
            ),
        ],
    )
    if readers:
        accounts = [iam.AccountPrincipal(account) for account in readers]
        made.add_to_resource_policy(iam.PolicyStatement(principals=accounts, actions=list(READS)))
    return made
