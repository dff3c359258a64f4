"""Adds nodes when pods find no room, and takes empty ones away."""

from __future__ import annotations

from typing import Any

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from constructs import Construct, IDependable

from cdk import names
from cdk.constructs.charts import AUTOSCALER, install
from cdk.constructs.findings import accept
from cdk.constructs.pod_role import PodRole

SERVICE_ACCOUNT = "cluster-autoscaler"
IMAGE = "v1.36.1"  # of the cluster's own minor version; the newest chart still names an older one

_LOOKS = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
]
_CHANGES = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]


class Autoscaler(Construct):
    """The cluster autoscaler, over the groups that EKS has tagged as this cluster's."""

    def __init__(
        self, scope: Construct, construct_id: str, *, cluster: eks.ICluster, name: str, after: IDependable
    ) -> None:
        super().__init__(scope, construct_id)
        groups = Stack.of(self).format_arn(
            service="autoscaling",
            resource="autoScalingGroup",
            resource_name="*:autoScalingGroupName/eks-*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        node_groups = Stack.of(self).format_arn(service="eks", resource="nodegroup", resource_name=f"{name}/*/*")
        identity = PodRole(
            self,
            "Identity",
            cluster_name=cluster.cluster_name,
            namespace=names.KUBE_SYSTEM,
            service_account=SERVICE_ACCOUNT,
            statements=_permissions(name, groups, node_groups),
        )
        chart = install(
            self,
            AUTOSCALER,
            cluster=cluster,
            namespace=names.KUBE_SYSTEM,
            values=_values(name, Stack.of(self).region),
            after=after,
        )
        chart.node.add_dependency(identity)
        self.chart = chart
        accept(
            self,
            {
                "AwsSolutions-IAM5[Resource::*]": "Looking at groups and instance types cannot be limited to some.",
                f"AwsSolutions-IAM5[Resource::{node_groups}]": "The groups of this one cluster.",
                f"AwsSolutions-IAM5[Resource::{groups}]": "EKS names them; a condition asks for this cluster's tag.",
            },
        )


def _permissions(name: str, groups: str, node_groups: str) -> list[iam.PolicyStatement]:
    """To look at everything, and to change the groups that wear this cluster's tag."""
    tagged = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{name}": "owned"}}
    return [
        iam.PolicyStatement(actions=_LOOKS, resources=["*"]),
        iam.PolicyStatement(actions=["eks:DescribeNodegroup"], resources=[node_groups]),
        iam.PolicyStatement(actions=_CHANGES, resources=[groups], conditions=tagged),
    ]


def _values(name: str, region: str) -> dict[str, Any]:
    return {
        "fullnameOverride": SERVICE_ACCOUNT,
        "image": {"tag": IMAGE},
        "awsRegion": region,
        "autoDiscovery": {"clusterName": name},
        "rbac": {"serviceAccount": {"create": True, "name": SERVICE_ACCOUNT}},
        "extraArgs": {
            "balance-similar-node-groups": True,
            "expander": "least-waste",
            # Every pod of ours has a temporary volume, and none keeps anything there: else no node ever went.
            "skip-nodes-with-local-storage": False,
        },
        "podDisruptionBudget": {"maxUnavailable": 1},
    }
