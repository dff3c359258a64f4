"""Roles that GitHub's workflows may take on, without any key that lasts."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.constructs.retention import lasting

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
# A first deployment of all stacks takes an hour and more, on the same keys from its first step to its last.
LONGEST_JOB = Duration.hours(3)


def provider_arn(scope: Construct, *, makes_provider: bool, protected: bool) -> str:
    """GitHub's identity provider in this account: made here, or by another environment of the same account.

    protected: it stays when the stack goes, as an account has one only, and others may trust it too.
    """
    if makes_provider:
        policy = lasting(protected=protected)
        made = iam.OidcProviderNative(
            scope, "GitHub", url=f"https://{ISSUER}", client_ids=[AUDIENCE], removal_policy=policy
        )
        return made.oidc_provider_arn
    return Stack.of(scope).format_arn(service="iam", region="", resource="oidc-provider", resource_name=ISSUER)


def workflow_role(
    scope: Construct,
    construct_id: str,
    *,
    provider: str,
    subject: str,
    environment: str,
    purpose: str,
    statements: Sequence[iam.PolicyStatement],
) -> iam.Role:
    """For jobs of one repository that run in this GitHub environment; its protection rules decide who starts them.

    subject: the repository as GitHub's tokens name it.
    """
    role = iam.Role(
        scope,
        construct_id,
        description=purpose,
        max_session_duration=LONGEST_JOB,
        assumed_by=iam.WebIdentityPrincipal(
            provider,
            {
                "StringEquals": {
                    f"{ISSUER}:aud": AUDIENCE,
                    f"{ISSUER}:sub": f"repo:{subject}:environment:{environment}",
                }
            },
        ),
    )
    for statement in statements:
        role.add_to_policy(statement)
    return role
