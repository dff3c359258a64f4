"""The emulated deploy notices what is wrong: each mistake is made in a template, in an account of its own."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from cdk import names
from cdk.settings import environment
from tests.cdk.assembly import Assembly
from tests.cdk.emulated import test_deployed
from tests.cdk.emulated.deployment import Deployment
from tests.cdk.emulated.running import Aws, emulated_aws

NO_SUBNET, NO_GROUP = "subnet-0123456789abcdef0", "sg-0123456789abcdef0"
NO_ROLE = "arn:aws:iam::111122223333:role/nobody"
BUCKET = "cdk-hnb659fds-assets-111122223333-eu-west-1"

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def account(prod: Assembly, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """With prod's network in it, and what the bootstrap would have made."""
    with emulated_aws(environment("prod"), tmp_path_factory.mktemp("mistakes")) as account:
        client = account.place.client
        client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": account.place.region}
        )
        _create(account, prod, names.Stack.NETWORK)
        yield account


class Nowhere(NamedTuple):
    """A setting, in the first resource of a type, that names what is not there."""

    stack: names.Stack
    kind: str
    setting: tuple[str | int, ...]
    wrong: str


@pytest.mark.parametrize(
    "mistake",
    [
        Nowhere(names.Stack.DATABASE, "AWS::RDS::DBSubnetGroup", ("SubnetIds", 0), NO_SUBNET),
        Nowhere(names.Stack.DATABASE, "AWS::RDS::DBInstance", ("VPCSecurityGroups", 0), NO_GROUP),
        Nowhere(names.Stack.CLUSTER, "AWS::EKS::Cluster", ("ResourcesVpcConfig", "SubnetIds", 0), NO_SUBNET),
        Nowhere(names.Stack.CLUSTER, "AWS::EKS::Cluster", ("ResourcesVpcConfig", "SecurityGroupIds", 0), NO_GROUP),
        Nowhere(names.Stack.CLUSTER, "AWS::EKS::Nodegroup", ("Subnets", 0), NO_SUBNET),
        Nowhere(names.Stack.CLUSTER, "AWS::EKS::Nodegroup", ("NodeRole",), NO_ROLE),
    ],
    ids=lambda mistake: f"{mistake.kind}-{'.'.join(map(str, mistake.setting))}",
)
def test_a_stack_fails_that_names_what_is_not_there(account: Aws, prod: Assembly, mistake: Nowhere) -> None:
    change = _with(mistake.kind, mistake.setting, mistake.wrong)
    with pytest.raises(ClientError, match=f"{mistake.kind}: there is no {mistake.wrong}"):
        _create(account, prod, mistake.stack, change)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"Type": "AWS::EKS::FargateProfile"}, "nobody here makes AWS::EKS::FargateProfile"),
        ({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Key961B73FD", "Nme"]}}}, "Nme"),
        ({"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {}, "Nme": "x"}}, "create_key knows no Nme"),
        ({"Type": "Custom::AWSCDK-EKS-HelmChart", "Properties": {"ClusterName": "nowhere"}}, "nowhere"),
    ],
)
def test_a_stack_fails_that_cannot_be_understood(
    account: Aws, prod: Assembly, wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(ClientError, match=says):
        _create(account, prod, names.Stack.DATABASE, lambda template: template["Resources"].update(Wrong=wrong))


def test_a_stack_fails_whose_texts_a_service_does_not_take(account: Aws, prod: Assembly) -> None:
    """EC2 takes no apostrophe, in groups nor in their rules."""
    change = _with("AWS::EC2::SecurityGroup", ("GroupDescription",), "The shop's")
    with pytest.raises(ClientError, match="AWS::EC2::SecurityGroup does not take GroupDescription"):
        _create(account, prod, names.Stack.DATABASE, change)


def test_a_stack_fails_that_refers_to_an_output_nobody_makes(account: Aws, prod: Assembly) -> None:
    elsewhere = {"Fn::GetStackOutput": {"StackName": "tickets-prod-network", "Region": "eu-west-1", "OutputName": "No"}}
    change = _with("AWS::RDS::DBSubnetGroup", ("SubnetIds", 0), elsewhere)
    with pytest.raises(ClientError, match="stack tickets-prod-network has no output No"):
        _create(account, prod, names.Stack.DATABASE, change)


def test_a_database_without_its_standby_is_noticed(account: Aws, prod: Assembly) -> None:
    _create(account, prod, names.Stack.DATABASE, _with("AWS::RDS::DBInstance", ("MultiAZ",), wrong=False))
    with pytest.raises(AssertionError):
        test_deployed.test_database_has_a_standby_in_another_zone(Deployment(account, prod))


def _with(kind: str, setting: tuple[str | int, ...], wrong: object) -> Change:
    """Another value in the first resource of this type."""

    def change(template: dict[str, Any]) -> None:
        value: Any = next(each for each in template["Resources"].values() if each["Type"] == kind)["Properties"]
        *path, last = setting
        for step in path:
            value = value[step]
        value[last] = wrong

    return change


def _create(account: Aws, prod: Assembly, stack: names.Stack, change: Change = lambda _: None) -> None:
    """Make the stack from its template, with the change; a stack that fails goes again."""
    template = json.loads(json.dumps(prod[stack].body))
    change(template)
    for resource in template["Resources"].values():
        resource.pop("DeletionPolicy", None)  # nothing is retained that the next one would stumble over
    _publish(account, template)
    name = names.stack("prod", stack)
    stacks = account.place.client("cloudformation")
    try:
        stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    except ClientError:
        stacks.delete_stack(StackName=name)
        raise
    made = {
        each["OutputKey"]: each["OutputValue"]
        for each in stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    }
    (account.folder / f"{prod.folder.name}.outputs.json").write_text(json.dumps({name: made}))


def _publish(account: Aws, template: dict[str, Any]) -> None:
    """Something for each function and layer, whose code is never run."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.py", "")
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for asset in (properties.get("Code"), properties.get("Content")):
            if asset:
                account.place.client("s3").put_object(Bucket=BUCKET, Key=asset["S3Key"], Body=content.getvalue())
