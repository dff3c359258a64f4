"""The controller that makes a load balancer of an Ingress."""

from __future__ import annotations

from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from cdk.constructs.charts import PATIENCE
from cdk.constructs.escape import resource_of
from cdk.constructs.findings import accept

# Chart, image and the policy below belong together; the CDK carries the policy of this version.
VERSION = eks.AlbControllerVersion.V3_2_2

_VALUES = {
    "replicaCount": 2,
    "podDisruptionBudget": {"maxUnavailable": 1},
    # Services of type LoadBalancer are none of its business here, and its webhook would stand in every Service's way.
    "enableServiceMutatorWebhook": False,
    # 3.2 ends when the resource definitions of the Gateway API are not there, unless told not to look for them.
    "controllerConfig": {"featureGates": {"ALBGatewayAPI": False, "NLBGatewayAPI": False}},
}

_BALANCERS = "arn:<AWS::Partition>:elasticloadbalancing:*:*"
_WILDCARDS = (
    "*",
    "arn:<AWS::Partition>:ec2:*:*:security-group/*",
    f"{_BALANCERS}:targetgroup/*/*",
    *(f"{_BALANCERS}:loadbalancer/{kind}/*/*" for kind in ("app", "net")),
    *(f"{_BALANCERS}:listener/{kind}/*/*/*" for kind in ("app", "net")),
    *(f"{_BALANCERS}:listener-rule/{kind}/*/*/*" for kind in ("app", "net")),
)


def load_balancer_controller(scope: Construct, construct_id: str, *, cluster: eks.Cluster) -> eks.AlbController:
    controller = eks.AlbController(
        scope,
        construct_id,
        cluster=cluster,
        version=VERSION,
        repository="public.ecr.aws/eks/aws-load-balancer-controller",
        additional_helm_chart_values=_VALUES,
    )
    release = controller.node.find_child("Resource").node.find_child("Resource")
    resource_of(release).add_property_override("Timeout", f"{PATIENCE.to_seconds():.0f}s")
    reason = "The policy of its authors, for this version; it acts on what wears the cluster's own tag."
    accept(controller, {f"AwsSolutions-IAM5[Resource::{resource}]": reason for resource in _WILDCARDS})
    return controller
