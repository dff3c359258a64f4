"""What the tools ask of AWS, a role of the pipelines is allowed."""

import json
import re
from pathlib import Path

import pytest

from cdk import names
from cdk.constructs.image_repository import READS
from cdk.settings import environment
from tests.cdk.assembly import Assembly, text_of
from tests.cdk.test_delivery import actions, role
from tests.tools.release.stand_ins import PIPELINE, ROOT, World, stand_ins
from tests.tools.release.test_rollback import remember
from tools import synth
from tools.release import promote as promoting
from tools.release import rollback as rolling_back
from tools.release.deploy import deploy, push
from tools.release.promote import promote

# What the command line asks under another name than its command's; asking who one is takes no permission.
ACTIONS = {
    "sts get-caller-identity": "",
    "ecr get-login-password": "ecr:GetAuthorizationToken",
    "eks update-kubeconfig": "eks:DescribeCluster",
}
SERVICES = {"elbv2": "elasticloadbalancing"}
# A push asks what is there already, reads what it names (an index its images), and writes the rest.
UPLOADS = {
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
}


@pytest.fixture
def world(assembly: Assembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """One in which a pipeline is at work."""
    env = assembly.env.name
    monkeypatch.setattr(synth, "MANIFESTS", tmp_path / "dist")
    monkeypatch.setattr(synth, "STEPS", [each for each in synth.STEPS if each.name != "manifest-checkov"])
    made = stand_ins(tmp_path, env, ROOT / "tests" / "manifests" / "snapshots" / env)
    return made.changed(CALLER=PIPELINE.format(env=env))


def needed(asked: list[str]) -> set[str]:
    """The actions of every `aws`, of what the CDK does by its bootstrap's roles, and of a push."""
    found = {action(match[1], match[2]) for line in asked if (match := re.match(r"aws (\S+) (\S+)", line))}
    found |= {"sts:AssumeRole"} if any(line.startswith("cdk ") for line in asked) else set()
    found |= UPLOADS if any("--push" in line or "imagetools create" in line for line in asked) else set()
    found |= set(READS) if any("imagetools create" in line for line in asked) else set()
    return found - {""}


def action(service: str, command: str) -> str:
    name = "".join(part.capitalize() for part in command.split("-"))
    return ACTIONS.get(f"{service} {command}", f"{SERVICES.get(service, service)}:{name}")


def test_a_deploy_asks_for_what_its_role_may_and_its_role_may_no_more(world: World, assembly: Assembly) -> None:
    push(world.site(), {})
    (world.folder / "bin" / "asked").unlink()
    deploy(world.site(), {})
    assert needed(world.asked) == actions(assembly[names.Stack.DELIVERY], names.Output.DEPLOY_ROLE)


def test_going_back_asks_for_nothing_that_the_deploying_role_may_not(
    world: World, assembly: Assembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rolling_back, "FOLDER", tmp_path / "rollback")
    push(world.site(), {})
    deploy(world.site(), {})
    remember(world, json.loads((tmp_path / "dist" / f"{assembly.env.name}.release.json").read_text()))
    world.forget()
    rolling_back.rollback(world.site(), {})
    asked = needed(world.asked)
    assert "eks:DescribeCluster" in asked
    assert asked <= actions(assembly[names.Stack.DELIVERY], names.Output.DEPLOY_ROLE)


def test_a_push_asks_for_nothing_that_its_role_may_not(world: World, assembly: Assembly) -> None:
    push(world.site(), {})
    asked = needed(world.asked)
    assert {"ecr:DescribeImages", "ecr:GetAuthorizationToken", *UPLOADS} <= asked
    assert asked <= actions(assembly[names.Stack.DELIVERY], names.Output.PUSH_ROLE)


def test_a_promotion_asks_for_nothing_that_the_pushing_role_may_not_and_only_reads_where_it_comes_from(
    prod: Assembly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promoting, "refuse_examples", lambda _settings: None)
    world = stand_ins(tmp_path, "prod", tmp_path)
    world.has_images("dev")
    promote(world.changed(CALLER=PIPELINE.format(env="prod")).site())
    stack = prod[names.Stack.DELIVERY]
    assert needed(world.asked) <= actions(stack, names.Output.PUSH_ROLE)
    given = {
        text_of(resource): set(each["Action"])
        for each in stack.statements(role(stack, names.Output.PUSH_ROLE))
        for resource in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
    }
    of_dev = {arn: may for arn, may in given.items() if "tickets-dev" in arn}
    where = f"arn:aws:ecr:eu-west-1:{environment('dev').account}:repository/tickets-dev"
    assert of_dev == {f"{where}/{image}": set(READS) for image in names.IMAGES}
