import json

import pytest
from aws_cdk import App, assertions

from cdk import names
from cdk.constructs.image_repository import READS
from cdk.settings import environment
from cdk.stacks.registry import RegistryStack
from tests.cdk.assembly import Assembly, Resource
from tools.release.releases import KEPT


@pytest.fixture(params=names.IMAGES)
def repository(assembly: Assembly, request: pytest.FixtureRequest) -> Resource:
    name = names.repository(assembly.env.name, request.param)
    return assembly[names.Stack.REGISTRY].only("ECR::Repository", RepositoryName=name)


def test_a_tag_names_one_image_for_ever(repository: Resource) -> None:
    assert repository["ImageTagMutability"] == "IMMUTABLE"


def test_images_are_scanned_when_they_are_pushed(repository: Resource) -> None:
    assert repository["ImageScanningConfiguration"] == {"ScanOnPush": True}


def test_images_are_encrypted_with_a_key_of_ours_that_changes(assembly: Assembly, repository: Resource) -> None:
    key = assembly[names.Stack.REGISTRY].only("KMS::Key")
    assert repository["EncryptionConfiguration"]["EncryptionType"] == "KMS"
    assert repository["EncryptionConfiguration"]["KmsKey"]["Fn::GetAtt"][0] == key.id
    assert key["EnableKeyRotation"] is True


def test_untagged_layers_and_old_images_go(repository: Resource) -> None:
    rules = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert [
        (rule["selection"]["tagStatus"], rule["selection"]["countType"], rule["selection"]["countNumber"])
        for rule in rules
    ] == [("untagged", "sinceImagePushed", 7), ("tagged", "imageCountMoreThan", 50)]


def test_every_release_that_one_may_go_back_to_has_its_images(repository: Resource) -> None:
    """A build pushes more than its tag: an image for each platform, and what attests them, all without one."""
    *_, last = json.loads(repository["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert last["selection"]["tagPatternList"] == ["*"]
    assert last["selection"]["countNumber"] > 2 * KEPT


def test_a_name_is_lower_case_as_the_registry_wants_it(repository: Resource) -> None:
    assert repository["RepositoryName"] == repository["RepositoryName"].lower()


def test_nobody_of_another_account_reads_an_image_who_was_not_let_in(repository: Resource) -> None:
    assert "RepositoryPolicyText" not in repository.properties


def test_another_account_that_takes_images_from_here_reads_them_and_no_more() -> None:
    stack = RegistryStack(App(), env=environment("dev"), readers=("444455556666",))
    made = assertions.Template.from_stack(stack).find_resources("AWS::ECR::Repository")
    assert len(made) == len(names.IMAGES)
    for repository in made.values():
        (statement,) = repository["Properties"]["RepositoryPolicyText"]["Statement"]
        assert set(statement["Action"]) == set(READS)
        assert json.dumps(statement["Principal"]).endswith(':iam::444455556666:root"]]}}')
