"""What must hold of everything, whichever stack it is in."""

import json
from typing import Any

import pytest

from cdk import names
from cdk.settings.checks import LOG_DAYS
from tests.cdk.assembly import Assembly, text_of
from tools.release.destroy import KEPT, KEPT_TYPES

# Actions that AWS cannot limit to a resource, or that act on what does not exist yet.
NAMED_NOWHERE = {
    "autoscaling:Describe",
    "ec2:Describe",
    "ec2:GetInstanceTypesFromInstanceRequirements",
    "ecr:GetAuthorizationToken",
    "elasticloadbalancing:DescribeLoadBalancers",
}
# Policies that we do not write: of the load balancer controller's authors, and of the CDK's own constructs.
NOT_OURS = ("LoadBalancerController", "KubectlProvider", "RunnerProject")

CHARTS_AND_MANIFESTS = ("Custom::AWSCDK-EKS-HelmChart", "Custom::AWSCDK-EKS-KubernetesResource")


def statements(assembly: Assembly) -> list[tuple[str, dict[str, Any]]]:
    return [
        (policy.id, statement)
        for policy in assembly.resources("IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]


def test_prod_cannot_be_deleted_by_accident_and_dev_can_be_thrown_away(prod: Assembly, dev: Assembly) -> None:
    for which in names.Stack:
        assert prod.artifact(which)["properties"]["terminationProtection"] is True
        assert not dev.artifact(which)["properties"].get("terminationProtection")


@pytest.mark.parametrize(
    ("kind", "left_out"),
    [
        ("RDS::DBInstance", ()),
        ("ECR::Repository", ()),
        ("S3::Bucket", ()),
        ("SecretsManager::Secret", ()),
        ("KMS::Key", (names.Stack.OBSERVABILITY, names.Stack.DELIVERY)),  # nothing lasting is encrypted with these
    ],
)
def test_data_and_its_keys_outlive_their_stacks_in_prod(
    prod: Assembly, kind: str, left_out: tuple[names.Stack, ...]
) -> None:
    found = [each for which, template in prod if which not in left_out for each in template.all(kind)]
    assert found
    assert [each.id for each in found if not each.stays] == []


def test_a_first_deployment_that_fails_leaves_nothing_that_the_next_one_would_stumble_over(assembly: Assembly) -> None:
    """What is plainly retained stays when a creation is rolled back too, under the name that is wanted again."""
    assert [each.id for each in assembly.resources() if each.body.get("DeletionPolicy") == "Retain"] == []


def test_the_policy_of_a_bucket_that_stays_stays_too(prod: Assembly) -> None:
    kept = [(template, each) for _, template in prod for each in template.all("S3::Bucket")]
    kept = [(template, each) for template, each in kept if each.stays]
    assert kept
    for template, bucket in kept:
        policy = template.only("S3::BucketPolicy", Bucket={"Ref": bucket.id})
        assert policy.stays, bucket.id


def test_whoever_destroys_prod_is_told_of_every_kind_of_thing_that_stays(prod: Assembly) -> None:
    going = [template for which, template in prod if which not in KEPT]
    stays = {each.type for template in going for each in template.all() if each.stays}
    assert stays == set(KEPT_TYPES)


def test_every_log_ends_and_those_of_dev_go_with_it(assembly: Assembly) -> None:
    groups = assembly.resources("Logs::LogGroup")
    assert len(groups) >= 7
    assert max(each["RetentionInDays"] for each in groups) <= max(LOG_DAYS[:4])
    if not assembly.env.protected:
        assert {each.body["DeletionPolicy"] for each in groups} == {"Delete"}


def test_every_key_changes_its_material_once_a_year(assembly: Assembly) -> None:
    assert all(each["EnableKeyRotation"] is True for each in assembly.resources("KMS::Key"))


def test_nobody_is_let_in_from_everywhere(assembly: Assembly) -> None:
    """The load balancer's 80 and 443 are opened by its controller; no template opens anything to the world."""
    rules = [each.properties for each in assembly.resources("EC2::SecurityGroupIngress")]
    for group in assembly.resources("EC2::SecurityGroup"):
        rules += group.properties.get("SecurityGroupIngress", [])
    assert rules
    open_ = [rule for rule in rules if rule.get("CidrIp") == "0.0.0.0/0" or rule.get("CidrIpv6") == "::/0"]
    assert open_ == []


def test_permissions_of_ours_name_their_resources(assembly: Assembly) -> None:
    for policy, statement in statements(assembly):
        if policy.startswith(NOT_OURS) or '"*"' not in json.dumps(statement["Resource"]):
            continue
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        assert all(action.startswith(tuple(NAMED_NOWHERE)) for action in actions), (policy, actions)


def test_permissions_of_ours_name_their_resources_to_the_end(assembly: Assembly) -> None:
    """An ARN with stars for its parts names nothing either; those that AWS gives a name of its own are listed."""
    cluster = names.cluster(assembly.env.name)
    accepted = (
        f":nodegroup/{cluster}/*/*",  # of one cluster; AWS ends the name of each group with an id
        ":autoScalingGroup:*:autoScalingGroupName/eks-*",  # of node groups: EKS names them, with ids
        f":ses:{assembly.env.region}:{assembly.env.account}:identity/*",  # recipients, in the sandbox; from us alone
    )
    for policy, statement in statements(assembly):
        if policy.startswith(NOT_OURS) or "Provider" in policy:
            continue
        asked = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        wild = [text for text in map(text_of, asked) if "*" in text and text != "*" and not text.endswith(accepted)]
        assert wild == [], policy


def test_no_permission_is_for_every_action_of_a_service(assembly: Assembly) -> None:
    for policy, statement in statements(assembly):
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        assert not [action for action in actions if action == "*" or action.endswith(":*")], policy


def test_no_secret_stands_in_a_template(assembly: Assembly) -> None:
    for _, template in assembly:
        text = json.dumps(template.body)
        assert "SecretString" not in text.replace("GenerateSecretString", "").replace("SecretStringTemplate", "")
        assert "MasterUserPassword" not in text.replace("ManageMasterUserPassword", "")


def test_every_security_group_belongs_to_the_vpc_of_its_environment(assembly: Assembly) -> None:
    vpc = assembly[names.Stack.NETWORK].only("EC2::VPC").id
    groups = assembly.resources("EC2::SecurityGroup")
    assert len(groups) >= 2
    assert all(vpc in json.dumps(group["VpcId"]) for group in groups)


def test_the_account_can_always_administer_its_keys(assembly: Assembly) -> None:
    """Without that statement a key, and all that it encrypts, can be lost to everybody."""
    for key in assembly.resources("KMS::Key"):
        first = key["KeyPolicy"]["Statement"][0]
        assert first["Principal"] == {"AWS": f"arn:aws:iam::{assembly.env.account}:root"}
        assert first["Action"] == "kms:*"


def test_a_key_of_prod_can_be_brought_back_for_a_month(prod: Assembly) -> None:
    assert {each["PendingWindowInDays"] for each in prod[names.Stack.DATABASE].all("KMS::Key")} == {30}


def test_whatever_names_a_cluster_names_ours(assembly: Assembly) -> None:
    cluster = assembly[names.Stack.CLUSTER].only("EKS::Cluster").id
    kinds = ("EKS::AccessEntry", "EKS::Addon", "EKS::Nodegroup", "EKS::PodIdentityAssociation", *CHARTS_AND_MANIFESTS)
    for each in [each for kind in kinds for each in assembly.resources(kind)]:
        assert cluster in json.dumps(each["ClusterName"]), each.id


def test_a_role_of_pods_is_for_the_one_service_account_it_was_made_for(assembly: Assembly) -> None:
    roles = {each.id: each for each in assembly.resources("IAM::Role")}
    associations = assembly.resources("EKS::PodIdentityAssociation")
    assert len(associations) == 6
    for each in associations:
        (statement,) = roles[each["RoleArn"]["Fn::GetAtt"][0]]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
        assert set(statement["Condition"]["StringEquals"].values()) == {each["Namespace"], each["ServiceAccount"]}


def test_every_resource_says_whose_it_is(assembly: Assembly) -> None:
    for which, _ in assembly:
        assert assembly.artifact(which)["properties"]["tags"] == {
            "product": names.PRODUCT,
            "environment": assembly.env.name,
            "stack": str(which),
        }


def test_no_template_comes_near_the_limits_of_cloudformation(assembly: Assembly) -> None:
    for which, template in assembly:
        assert len(template.all()) < 250, which  # of 500
        assert len(json.dumps(template.body)) < 500_000, which  # of 1 MB
