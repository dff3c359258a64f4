"""EKS clusters and node groups, in moto's EKS."""

from __future__ import annotations

import secrets
from functools import partial

from moto.eks.models import eks_backends

from tests.cdk.emulated.api import Place, Properties, without
from tests.cdk.emulated.resource import Asked, Made


def cluster(place: Place, asked: Asked) -> Made:
    """With what EKS makes beside it and moto leaves out: a security group for its nodes, and an issuer of its own."""
    name = asked.properties.get("Name", asked.name)
    settings = without(asked.properties, "Logging")
    logging = asked.properties.get("Logging", {}).get("ClusterLogging", {}).get("EnabledTypes", [])
    place.call(
        "eks",
        "create_cluster",
        settings,
        name=name,
        logging={"clusterLogging": [{"types": [each["Type"] for each in logging], "enabled": True}]},
    )
    made = eks_backends[place.account][place.region].clusters[name]
    group = _security_group(place, name, asked.properties["ResourcesVpcConfig"]["SubnetIds"])
    made.resources_vpc_config["clusterSecurityGroupId"] = group
    made.identity["oidc"]["issuer"] = (
        f"https://oidc.eks.{place.region}.amazonaws.com/id/{secrets.token_hex(16).upper()}"
    )

    def undo() -> None:
        place.client("eks").delete_cluster(name=name)
        place.client("ec2").delete_security_group(GroupId=group)

    return Made(
        name,
        undo,
        {
            "Arn": made.arn,
            "ClusterSecurityGroupId": group,
            "OpenIdConnectIssuerUrl": made.identity["oidc"]["issuer"],
        },
    )


def node_group(place: Place, asked: Asked) -> Made:
    names = {
        "clusterName": asked.properties["ClusterName"],
        "nodegroupName": asked.properties.get("NodegroupName", asked.name),
    }
    # Whether an update may end pods that do not want to go is CloudFormation's own question, asked at updates.
    settings = without(asked.properties, "ClusterName", "NodegroupName", "ForceUpdateEnabled")
    place.call("eks", "create_nodegroup", settings, **names)
    return Made("/".join(names.values()), partial(place.client("eks").delete_nodegroup, **names))


def _security_group(place: Place, cluster_name: str, subnets: list[str]) -> str:
    ec2 = place.client("ec2")
    name = f"eks-cluster-sg-{cluster_name}"
    answer: Properties = ec2.create_security_group(
        GroupName=name,
        Description="EKS created security group applied to ENI that is attached to EKS control plane master nodes",
        VpcId=ec2.describe_subnets(SubnetIds=subnets)["Subnets"][0]["VpcId"],
    )
    return str(answer["GroupId"])


MAKERS = {"AWS::EKS::Cluster": cluster, "AWS::EKS::Nodegroup": node_group}
