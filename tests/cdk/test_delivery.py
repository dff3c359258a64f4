import json
from typing import Any

import pytest
import yaml
from aws_cdk import Stack, assertions

from cdk import names
from cdk.constructs.github import LONGEST_JOB, workflow_role
from cdk.settings.environment import DeliverySettings
from tests.cdk.assembly import Assembly, Resource, Template, text_of
from tools.setup import ROOT

ISSUER = "token.actions.githubusercontent.com"


@pytest.fixture
def stack(assembly: Assembly) -> Template:
    return assembly[names.Stack.DELIVERY]


def role(stack: Template, output: names.Output) -> Resource:
    wanted = stack.body["Outputs"][str(output)]["Value"]["Fn::GetAtt"][0]
    (found,) = [each for each in stack.all("IAM::Role") if each.id == wanted]
    return found


def actions(stack: Template, output: names.Output) -> set[str]:
    found = [each["Action"] for each in stack.statements(role(stack, output))]
    return {action for each in found for action in ([each] if isinstance(each, str) else each)}


@pytest.mark.parametrize(
    ("output", "suffix"),
    [(names.Output.PLAN_ROLE, "-plan"), (names.Output.PUSH_ROLE, "-push"), (names.Output.DEPLOY_ROLE, "")],
)
def test_a_role_is_for_one_repository_and_one_environment_of_it(
    assembly: Assembly, stack: Template, output: names.Output, suffix: str
) -> None:
    found = role(stack, output)
    (statement,) = found["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert found["MaxSessionDuration"] == LONGEST_JOB.to_seconds()
    assert statement["Condition"] == {
        "StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub": f"repo:{assembly.env.delivery.repository}:environment:{assembly.env.name}{suffix}",
        }
    }


@pytest.mark.parametrize(
    ("ids", "subject"),
    [
        ({}, "repo:acme/shop:environment:dev"),
        ({"owner_id": "42", "repository_id": "4711"}, "repo:acme@42/shop@4711:environment:dev"),
    ],
)
def test_a_repository_whose_tokens_carry_numbers_is_believed_by_them(ids: dict[str, Any], subject: str) -> None:
    settings = DeliverySettings(repository="acme/shop", makes_provider=True, **ids)
    stack = Stack()
    workflow_role(
        stack, "Role", provider="P", subject=settings.subject, environment="dev", purpose="A test", statements=[]
    )
    (made,) = assertions.Template.from_stack(stack).find_resources("AWS::IAM::Role").values()
    (statement,) = made["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Condition"]["StringEquals"][f"{ISSUER}:sub"] == subject


def test_an_account_has_one_identity_provider_for_github(dev: Assembly, prod: Assembly) -> None:
    made = prod[names.Stack.DELIVERY].only("IAM::OIDCProvider")
    assert (made["Url"], made["ClientIdList"]) == (f"https://{ISSUER}", ["sts.amazonaws.com"])
    assert dev[names.Stack.DELIVERY].all("IAM::OIDCProvider") == []
    trust = role(dev[names.Stack.DELIVERY], names.Output.DEPLOY_ROLE)["AssumeRolePolicyDocument"]["Statement"][0]
    assert text_of(trust["Principal"]["Federated"]).endswith(f":iam::{dev.env.account}:oidc-provider/{ISSUER}")


def test_what_the_roles_of_another_environment_trust_stays_when_its_maker_goes(prod: Assembly) -> None:
    assert prod[names.Stack.DELIVERY].only("IAM::OIDCProvider").stays


def test_planning_looks_and_changes_nothing(stack: Template) -> None:
    (statement,) = stack.statements(role(stack, names.Output.PLAN_ROLE))
    assert statement["Action"] == "sts:AssumeRole"
    assert "cdk-hnb659fds-lookup-role-" in text_of(statement["Resource"])


def test_pushing_adds_images_to_our_repositories_and_deletes_none(stack: Template) -> None:
    assert actions(stack, names.Output.PUSH_ROLE) == {
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:CompleteLayerUpload",
        "ecr:DescribeImages",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:PutImage",
        "ecr:UploadLayerPart",
    }
    (put,) = [
        each for each in stack.statements(role(stack, names.Output.PUSH_ROLE)) if "ecr:PutImage" in each["Action"]
    ]
    assert len(put["Resource"]) == len(names.IMAGES)
    assert "*" not in json.dumps(put["Resource"])


def test_deploying_goes_through_the_roles_of_the_bootstrap(stack: Template) -> None:
    assert {each for each in actions(stack, names.Output.DEPLOY_ROLE) if ":Describe" not in each} == {"sts:AssumeRole"}
    text = json.dumps(stack.statements(role(stack, names.Output.DEPLOY_ROLE)))
    assert all(f"cdk-hnb659fds-{purpose}-role-" in text for purpose in ("deploy", "file-publishing", "lookup"))
    assert "cfn-exec" not in text


def test_deploying_edits_the_applications_namespace_alone(assembly: Assembly, stack: Template) -> None:
    entry = stack.only("EKS::AccessEntry")
    assert entry["PrincipalArn"]["Fn::GetAtt"][0] == role(stack, names.Output.DEPLOY_ROLE).id
    assert entry["KubernetesGroups"] == [names.DEPLOYERS]
    (policy,) = entry["AccessPolicies"]
    assert text_of(policy["PolicyArn"]).endswith("/AmazonEKSEditPolicy")
    assert policy["AccessScope"] == {
        "Type": "namespace",
        "Namespaces": [names.namespace(assembly.env.name)],
    }


def test_a_cluster_whose_api_answers_few_has_a_runner_inside_its_vpc(assembly: Assembly, stack: Template) -> None:
    """Prod's answers nobody else, dev's only the addresses of people; and GitHub's runners have thousands of blocks."""
    workflow = f"^deploy-{assembly.env.name}$"
    project = stack.only("CodeBuild::Project")
    assert len(project["VpcConfig"]["Subnets"]) == 3
    assert project["Triggers"]["FilterGroups"] == [
        [{"Type": "EVENT", "Pattern": "WORKFLOW_JOB_QUEUED"}, {"Type": "WORKFLOW_NAME", "Pattern": workflow}]
    ]
    assert not project["Environment"]["PrivilegedMode"]
    assert project["Source"]["Location"] == f"https://github.com/{assembly.env.delivery.repository}.git"
    assert project["Source"]["Auth"] == {
        "Type": "CODECONNECTIONS",
        "Resource": assembly.env.delivery.runner_connection_arn,
    }


def test_a_deployment_its_runner_and_its_keys_last_equally_long(assembly: Assembly, stack: Template) -> None:
    """The first of them that ends would end a deployment half-way; the first deployment takes an hour and more."""
    job = yaml.safe_load((ROOT / f".github/workflows/deploy-{assembly.env.name}.yml").read_text())["jobs"]["deploy"]
    keys, *later = [step["with"] for step in job["steps"] if "configure-aws-credentials" in step.get("uses", "")]
    minutes = {
        "job": job["timeout-minutes"],
        "runner": stack.only("CodeBuild::Project")["TimeoutInMinutes"],
        "keys": keys["role-duration-seconds"] / 60,
        "role": role(stack, names.Output.DEPLOY_ROLE)["MaxSessionDuration"] / 60,
    }
    assert minutes == dict.fromkeys(minutes, 180)
    assert len(later) == 1, "keys of its own for the way back"


def test_the_runner_reaches_the_clusters_api(stack: Template) -> None:
    rule = stack.only("EC2::SecurityGroupIngress")
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert rule["SourceSecurityGroupId"] == {"Fn::GetAtt": [stack.only("EC2::SecurityGroup").id, "GroupId"]}


def test_the_runner_may_use_its_one_connection_before_it_is_made(assembly: Assembly, stack: Template) -> None:
    """CodeBuild tries the connection with the project's own role while it makes the project."""
    project = stack.only("CodeBuild::Project")
    (policy,) = [each for each in stack.all("IAM::Policy") if "codeconnections:" in json.dumps(each.properties)]
    assert policy.id in project.waits_for
    assert policy["Roles"] == [{"Ref": project["ServiceRole"]["Fn::GetAtt"][0]}]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert set(statement["Action"]) == {f"codeconnections:{each}Connection" for each in ("Get", "Use")} | {
        "codeconnections:GetConnectionToken"
    }
    assert statement["Resource"] == assembly.env.delivery.runner_connection_arn
    assert "*" not in json.dumps(statement)


def test_the_runner_itself_may_deploy_nothing(stack: Template) -> None:
    project = stack.only("CodeBuild::Project")
    (runner,) = [each for each in stack.all("IAM::Role") if each.id == project["ServiceRole"]["Fn::GetAtt"][0]]
    assert "sts:AssumeRole" not in json.dumps(stack.statements(runner))
