"""AWS roles for pods."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from constructs import Construct


class PodRole(Construct):
    """A role that the pods of one service account have, and nobody else; the account itself is made elsewhere."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster_name: str,
        namespace: str,
        service_account: str,
        statements: Sequence[iam.PolicyStatement] = (),
        managed_policy: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = pod_role(self, "Role", namespace=namespace, service_account=service_account)
        for statement in statements:
            self.role.add_to_policy(statement)
        if managed_policy:
            self.role.add_managed_policy(iam.ManagedPolicy.from_aws_managed_policy_name(managed_policy))
        eks.CfnPodIdentityAssociation(
            self,
            "Association",
            cluster_name=cluster_name,
            namespace=namespace,
            service_account=service_account,
            role_arn=self.role.role_arn,
        )


def pod_role(scope: Construct, construct_id: str, *, namespace: str, service_account: str) -> iam.Role:
    """EKS says for whom it asks; a request for any other service account is refused."""
    pods = iam.ServicePrincipal(
        "pods.eks.amazonaws.com",
        conditions={
            "StringEquals": {
                "aws:RequestTag/kubernetes-namespace": namespace,
                "aws:RequestTag/kubernetes-service-account": service_account,
            }
        },
    )
    return iam.Role(
        scope,
        construct_id,
        assumed_by=pods.with_session_tags(),
        description=f"Pods of {namespace}/{service_account}",
    )
