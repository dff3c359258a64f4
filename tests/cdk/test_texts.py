"""A text that a service does not take is found before anybody deploys it."""

from typing import Any

import pytest

from tests.cdk.assembly import Assembly
from tests.cdk.texts import refused


def test_every_text_is_one_that_its_service_takes(assembly: Assembly) -> None:
    wrong = {each.id: refused(each.type, each.properties) for each in assembly.resources()}
    assert {name: texts for name, texts in wrong.items() if texts} == {}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("EC2::SecurityGroup", {"GroupDescription": "The cluster's"}),
        ("EC2::SecurityGroup", {"SecurityGroupIngress": [{"Description": "a" * 256}]}),
        ("EC2::SecurityGroupIngress", {"Description": "PostgreSQL, ünsafe"}),
        ("IAM::Role", {"Description": "people \N{EN DASH} of the account"}),
        ("IAM::Role", {"RoleName": "a" * 65}),
        ("WAFv2::WebACL", {"Rules": [{"Name": "rate of one"}]}),
        ("ECR::Repository", {"RepositoryName": "Tickets/Backend"}),
        ("SecretsManager::Secret", {"Name": "tickets/it's"}),
        ("CloudWatch::Alarm", {"AlarmDescription": "a" * 1025}),
    ],
)
def test_a_text_that_its_service_does_not_take_is_found(kind: str, properties: dict[str, Any]) -> None:
    assert len(refused(kind, properties)) == 1
