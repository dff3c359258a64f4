"""The Kubernetes cluster without its nodes."""

from __future__ import annotations

import json
from typing import cast

from aws_cdk import CfnElement, ReferenceStrength, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.lambda_layer_kubectl_v36 import KubectlV36Layer
from constructs import Construct, IConstruct

from cdk.constructs.escape import logical_id, resource_of
from cdk.constructs.findings import accept, managed_policy
from cdk.constructs.retention import days, lasting
from cdk.settings.cluster import ClusterSettings

KUBECTL = {"1.36": KubectlV36Layer}
LOGS = [
    eks.ClusterLoggingTypes.API,
    eks.ClusterLoggingTypes.AUDIT,
    eks.ClusterLoggingTypes.AUTHENTICATOR,
    eks.ClusterLoggingTypes.CONTROLLER_MANAGER,
    eks.ClusterLoggingTypes.SCHEDULER,
]


def kubernetes_cluster(
    scope: Construct,
    construct_id: str,
    *,
    settings: ClusterSettings,
    name: str,
    vpc: ec2.IVpc,
    subnets: ec2.SubnetSelection,
    service_cidr: str,
    key: kms.IKey,
    administrator: iam.IRole,
    protected: bool,
) -> eks.Cluster:
    """An EKS cluster whose access is given by access entries alone; not even its creator is let in by itself."""
    cluster = eks.Cluster(
        scope,
        construct_id,
        cluster_name=name,
        version=eks.KubernetesVersion.of(settings.version),
        vpc=vpc,
        vpc_subnets=[subnets],
        service_ipv4_cidr=service_cidr,
        endpoint_access=_endpoint(settings),
        cluster_logging=LOGS,
        secrets_encryption_key=key,
        masters_role=administrator,
        bootstrap_cluster_creator_admin_permissions=False,
        bootstrap_self_managed_addons=False,
        default_capacity_type=eks.DefaultCapacityType.NODEGROUP,
        default_capacity=0,
        kubectl_provider_options=eks.KubectlProviderOptions(
            kubectl_layer=KUBECTL[settings.version](scope, f"{construct_id}Kubectl")
        ),
        output_config_command=False,
    )
    _own_logs(scope, f"{construct_id}Logs", cluster, name, settings.log_days, protected=protected)
    _end_logs(cluster.node.find_child("KubectlProvider"), settings.log_days, protected=protected)
    resource = resource_of(cluster)
    resource.add_property_override("UpgradePolicy", {"SupportType": "STANDARD"})
    resource.add_property_override("DeletionProtection", protected)
    # Split by its consumer, which CloudFormation offers for exported values and not for other stacks' outputs.
    resource_of(cluster.open_id_connect_provider).apply_cross_stack_reference_strength(ReferenceStrength.STRONG)
    _accept_findings(cluster)
    return cluster


def _own_logs(
    scope: Construct, construct_id: str, cluster: eks.Cluster, name: str, log_days: int, *, protected: bool
) -> None:
    """EKS would make this group itself, keep everything for ever, and leave it behind."""
    group = logs.LogGroup(
        scope,
        construct_id,
        log_group_name=f"/aws/eks/{name}/cluster",
        retention=days(log_days),
        removal_policy=lasting(protected=protected),
    )
    cluster.node.add_dependency(group)


def _end_logs(provider: IConstruct, log_days: int, *, protected: bool) -> None:
    """The CDK's functions with kubectl come with groups that keep everything for two years, and stay behind."""
    for each in provider.node.find_all():
        if isinstance(each, logs.CfnLogGroup):
            each.retention_in_days = log_days
            each.apply_removal_policy(lasting(protected=protected))


def _endpoint(settings: ClusterSettings) -> eks.EndpointAccess:
    if settings.private:
        return eks.EndpointAccess.PRIVATE
    return eks.EndpointAccess.PUBLIC_AND_PRIVATE.only_from(*settings.allowed_cidrs)


def _accept_findings(cluster: eks.Cluster) -> None:
    accept(
        cluster.role,
        {
            managed_policy(
                "AmazonEKSClusterPolicy"
            ): "AWS keeps this policy in step with what its own control plane calls."
        },
    )
    provider = cluster.node.find_child("KubectlProvider")
    handler = logical_id(provider.node.find_child("Handler"))
    library = "Comes with the CDK's own functions, which run while stacks are deployed and at no other time."
    accept(
        provider,
        {
            managed_policy("service-role/AWSLambdaBasicExecutionRole"): library,
            managed_policy("service-role/AWSLambdaVPCAccessExecutionRole"): library,
            managed_policy("AmazonEC2ContainerRegistryReadOnly"): library,
            "AwsSolutions-L1": "The CDK chooses the runtime that its function was tested with.",
            f"AwsSolutions-IAM5[Resource::<{handler}.Arn>:*]": "All versions of one function, named.",
            f"AwsSolutions-IAM4[Policy::{_public_images(provider)}]": library,
        },
    )


def _public_images(provider: IConstruct) -> str:
    """The policy as the finding writes it: there is one only in partitions that have ECR's public registry."""
    element = cast("CfnElement", provider.node.find_child("Handler").node.find_child("HasEcrPublic"))
    condition = Stack.of(provider).get_logical_id(element)
    policy = ":iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly"
    name = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, policy]]}
    return json.dumps({"Fn::If": [condition, name, {"Ref": "AWS::NoValue"}]}, separators=(",", ":"))
