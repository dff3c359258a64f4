import json
from dataclasses import replace

import pytest
from aws_cdk import Environment, Stack, assertions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_eks_v2 as eks
from aws_cdk.lambda_layer_kubectl_v36 import KubectlV36Layer

from cdk import names
from cdk.constructs.addons import AFTER_NODES, AGENT, BEFORE_NODES
from cdk.constructs.nodes import Nodes
from cdk.settings import environment
from tests.cdk.assembly import Assembly, Resource, Template, text_of


@pytest.fixture
def stack(assembly: Assembly) -> Template:
    return assembly[names.Stack.CLUSTER]


@pytest.fixture
def cluster(stack: Template) -> Resource:
    return stack.only("EKS::Cluster")


def test_kubernetes_is_the_pinned_version_and_never_slides_into_extended_support(
    assembly: Assembly, cluster: Resource
) -> None:
    assert cluster["Version"] == assembly.env.cluster.version == "1.36"
    assert cluster["UpgradePolicy"] == {"SupportType": "STANDARD"}
    assert cluster["Name"] == names.cluster(assembly.env.name)


def test_services_have_addresses_that_no_network_of_ours_has(assembly: Assembly, cluster: Resource) -> None:
    assert cluster["KubernetesNetworkConfig"]["ServiceIpv4Cidr"] == assembly.env.network.service_cidr


def test_nodes_are_ours_and_not_those_of_auto_mode(cluster: Resource) -> None:
    assert cluster["ComputeConfig"] == {"Enabled": False}
    assert cluster["StorageConfig"] == {"BlockStorage": {"Enabled": False}}


def test_every_log_of_the_control_plane_is_on_and_kept_as_long_as_the_settings_say(
    assembly: Assembly, stack: Template, cluster: Resource
) -> None:
    kinds = {each["Type"] for each in cluster["Logging"]["ClusterLogging"]["EnabledTypes"]}
    assert kinds == {"api", "audit", "authenticator", "controllerManager", "scheduler"}
    group = stack.only("Logs::LogGroup", LogGroupName=f"/aws/eks/{names.cluster(assembly.env.name)}/cluster")
    assert group["RetentionInDays"] == assembly.env.cluster.log_days
    assert group.id in cluster.waits_for


def test_kubernetes_secrets_are_encrypted_with_a_key_of_ours(stack: Template, cluster: Resource) -> None:
    (encryption,) = cluster["EncryptionConfig"]
    assert encryption["Resources"] == ["secrets"]
    assert encryption["Provider"]["KeyArn"]["Fn::GetAtt"][0] == stack.only("KMS::Key").id


def test_the_control_plane_is_in_the_application_subnets_of_three_zones(cluster: Resource) -> None:
    subnets = [json.dumps(each) for each in cluster["ResourcesVpcConfig"]["SubnetIds"]]
    assert len(subnets) == 3
    assert all("applicationSubnet" in each for each in subnets)


def test_prod_answers_inside_its_vpc_only(prod: Assembly) -> None:
    access = prod[names.Stack.CLUSTER].only("EKS::Cluster")["ResourcesVpcConfig"]
    assert (access["EndpointPrivateAccess"], access["EndpointPublicAccess"]) == (True, False)


def test_dev_answers_its_own_people_too(dev: Assembly) -> None:
    access = dev[names.Stack.CLUSTER].only("EKS::Cluster")["ResourcesVpcConfig"]
    assert (access["EndpointPrivateAccess"], access["EndpointPublicAccess"]) == (True, True)
    assert access["PublicAccessCidrs"] == list(dev.env.cluster.allowed_cidrs)


def test_access_is_given_by_entries_alone_and_not_to_whoever_made_the_cluster(
    stack: Template, cluster: Resource
) -> None:
    assert cluster["AccessConfig"] == {
        "AuthenticationMode": "API",
        "BootstrapClusterCreatorAdminPermissions": False,
    }
    holders = [json.dumps(each["PrincipalArn"]) for each in stack.all("EKS::AccessEntry")]
    assert len(holders) == 2
    assert any("Administrator" in each for each in holders)
    assert any("KubectlProvider" in each for each in holders)
    for entry in stack.all("EKS::AccessEntry"):
        (policy,) = entry["AccessPolicies"]
        assert text_of(policy["PolicyArn"]).endswith("/AmazonEKSClusterAdminPolicy")


def test_people_administer_by_a_role_of_an_agreed_name(assembly: Assembly, stack: Template) -> None:
    role = stack.only("IAM::Role", RoleName=names.administrator(assembly.env.name))
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{assembly.env.account}:root"}


def test_a_node_group_is_in_each_zone_with_the_counts_of_the_settings(assembly: Assembly, stack: Template) -> None:
    groups = stack.all("EKS::Nodegroup")
    zones = [json.dumps(each["Subnets"]) for each in groups]
    assert [f"applicationSubnet{number}" in zone for number, zone in enumerate(zones, 1)] == [True] * 3
    settings = assembly.env.cluster
    template = stack.only("EC2::LaunchTemplate").id
    assert len({json.dumps(each["NodeRole"]) for each in groups}) == 1
    for group in groups:
        assert group["LaunchTemplate"]["Id"] == {"Ref": template}
        assert group["UpdateConfig"] == {"MaxUnavailable": 1}
        assert group["ScalingConfig"] == {
            "MinSize": settings.least_nodes,
            "MaxSize": settings.most_nodes,
            "DesiredSize": settings.least_nodes,
        }
        assert group["InstanceTypes"] == list(settings.instances)
        assert group["AmiType"] == "AL2023_x86_64_STANDARD"
        assert group["NodeRepairConfig"] == {"Enabled": True}
        assert group["ForceUpdateEnabled"] is False
        assert group["Version"] == settings.version
        assert "ReleaseVersion" not in group.properties


def test_nodes_run_the_image_that_they_are_pinned_to() -> None:
    settings = replace(environment("dev").cluster, release_version="1.36.2-20261103")
    stack = Stack(env=Environment(account="111122223333", region="eu-west-1"))
    vpc = ec2.Vpc(stack, "Vpc", max_azs=1, nat_gateways=1)
    version = eks.KubernetesVersion.of(settings.version)
    layer = KubectlV36Layer(stack, "Kubectl")
    cluster = eks.Cluster(
        stack,
        "Cluster",
        vpc=vpc,
        version=version,
        kubectl_provider_options=eks.KubectlProviderOptions(kubectl_layer=layer),
    )
    Nodes(stack, "Nodes", settings=settings, cluster=cluster, subnets=vpc.private_subnets, zones=["a"])
    found = assertions.Template.from_stack(stack).find_resources("AWS::EKS::Nodegroup").values()
    assert {(each["Properties"]["Version"], each["Properties"].get("ReleaseVersion")) for each in found} == {
        ("1.36", "1.36.2-20261103")
    }


def test_nodes_have_encrypted_disks_and_pods_cannot_borrow_their_role(assembly: Assembly, stack: Template) -> None:
    data = stack.only("EC2::LaunchTemplate")["LaunchTemplateData"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    (disk,) = data["BlockDeviceMappings"]
    assert (disk["Ebs"]["Encrypted"], disk["Ebs"]["VolumeType"]) == (True, "gp3")
    assert disk["Ebs"]["VolumeSize"] == assembly.env.cluster.disk


def test_nodes_may_join_and_pull_images_and_nothing_else(stack: Template) -> None:
    role_id = stack.all("EKS::Nodegroup")[0]["NodeRole"]["Fn::GetAtt"][0]
    (role,) = [each for each in stack.all("IAM::Role") if each.id == role_id]
    policies = {text_of(each).rpartition("/")[2] for each in role["ManagedPolicyArns"]}
    assert policies == {"AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"}
    assert stack.statements(role) == []


def test_every_addon_is_installed_at_its_pinned_version(assembly: Assembly, stack: Template) -> None:
    installed = {each["AddonName"]: each["AddonVersion"] for each in stack.all("EKS::Addon")}
    assert installed == dict(assembly.env.cluster.addons)
    assert stack.only("EKS::Cluster")["BootstrapSelfManagedAddons"] is False
    assert {each["ResolveConflicts"] for each in stack.all("EKS::Addon")} == {"OVERWRITE"}  # or an upgrade stops


def test_network_policies_are_enforced(stack: Template) -> None:
    configuration = stack.only("EKS::Addon", AddonName="vpc-cni")["ConfigurationValues"]
    assert json.loads(configuration) == {"enableNetworkPolicy": "true"}


def test_nodes_come_after_what_they_need_and_before_what_needs_them(stack: Template) -> None:
    ids = {each["AddonName"]: each.id for each in stack.all("EKS::Addon")}
    groups = stack.all("EKS::Nodegroup")
    for group in groups:
        assert {ids[name] for name in (AGENT, *BEFORE_NODES)} <= set(group.waits_for)
    for name in AFTER_NODES:
        assert {group.id for group in groups} <= set(stack.only("EKS::Addon", AddonName=name).waits_for)
    for name in (*BEFORE_NODES, *AFTER_NODES):
        assert ids[AGENT] in stack.only("EKS::Addon", AddonName=name).waits_for


@pytest.mark.parametrize(
    ("addon", "account", "policy"),
    [
        ("vpc-cni", "aws-node", "AmazonEKS_CNI_Policy"),
        ("aws-ebs-csi-driver", "ebs-csi-controller-sa", "AmazonEBSCSIDriverPolicy"),
    ],
)
def test_an_addon_that_calls_aws_has_a_role_of_its_own(stack: Template, addon: str, account: str, policy: str) -> None:
    (identity,) = stack.only("EKS::Addon", AddonName=addon)["PodIdentityAssociations"]
    assert identity["ServiceAccount"] == account
    (role,) = [each for each in stack.all("IAM::Role") if each.id == identity["RoleArn"]["Fn::GetAtt"][0]]
    assert [text_of(each).rpartition("/")[2] for each in role["ManagedPolicyArns"]] == [policy]


def test_the_function_with_kubectl_is_inside_the_vpc(stack: Template) -> None:
    functions = stack.all("Lambda::Function")
    assert functions
    assert all(len(each["VpcConfig"]["SubnetIds"]) == 3 for each in functions)


def test_prod_cannot_be_deleted_by_accident(prod: Assembly, dev: Assembly) -> None:
    assert prod[names.Stack.CLUSTER].only("EKS::Cluster")["DeletionProtection"] is True
    assert dev[names.Stack.CLUSTER].only("EKS::Cluster")["DeletionProtection"] is False
