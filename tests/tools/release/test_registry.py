"""Where the images of a deployment come from."""

import re

import pytest

from tests.tools.release.stand_ins import COMMIT, DIGEST, PERSON, PIPELINE, World, deployed
from tools.console import Failure
from tools.release.deploy import push

only_dev = pytest.mark.parametrize("env", ["dev"], indirect=True)
only_prod = pytest.mark.parametrize("env", ["prod"], indirect=True)


@only_dev
def test_images_are_known_by_their_commit_and_run_by_their_digest(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = deployed(world)
    registry = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
    (build,) = [line for line in asked if line.startswith("docker buildx build") and "frontend" in line]
    assert f"--tag {registry}/tickets-dev/frontend:{COMMIT} --push" in build
    assert f"--build-arg NODE=node:24-bookworm-slim@{DIGEST}" in build
    assert "--platform linux/amd64,linux/arm64 --provenance mode=max --sbom true" in build
    assert f"BACKEND_IMAGE={DIGEST} FRONTEND_IMAGE={DIGEST} cdk8s synth" in capsys.readouterr().out


@only_dev
def test_an_image_that_is_there_already_is_not_built_again(world: World) -> None:
    deployed(world)
    (world.folder / "bin" / "asked").unlink()
    assert [line for line in deployed(world) if "--push" in line] == []


@only_dev
def test_a_pipeline_deploys_the_images_that_another_of_its_jobs_has_pushed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world = world.changed(CALLER=PIPELINE.format(env=world.env))
    push(world.site(), {})
    assert [line for line in world.asked if re.match("cdk|kubectl", line)] == []
    (world.folder / "bin" / "asked").unlink()
    assert [line for line in deployed(world) if line.startswith("docker") or "get-login-password" in line] == []
    assert f"BACKEND_IMAGE={DIGEST} FRONTEND_IMAGE={DIGEST} cdk8s synth" in capsys.readouterr().out


@only_dev
def test_a_pipeline_that_finds_no_images_says_what_comes_first(world: World) -> None:
    says = (
        r"^backend and frontend of 0123456789ab are not in the registry of dev: `make push ENV=dev` brings them first$"
    )
    with pytest.raises(Failure, match=says):
        deployed(world.changed(CALLER=PIPELINE.format(env=world.env)))


@only_prod
@pytest.mark.parametrize("who", [PERSON, PIPELINE.format(env="prod")])
def test_what_comes_from_another_environment_is_built_by_nobody(world: World, who: str) -> None:
    world.has_images()
    says = r"^backend and frontend of 0123456789ab are not in the registry of prod: `make promote ENV=prod` brings them"
    with pytest.raises(Failure, match=says):
        deployed(world.changed(CALLER=who))
    assert [line for line in world.asked if "--push" in line] == []


@only_prod
def test_images_can_be_built_where_there_is_no_environment_before(world: World) -> None:
    world.has_images()
    push(world.site(), {})
    assert len([line for line in world.asked if "tickets-prod/" in line and "--push" in line]) == 2


@only_dev
def test_the_registrys_password_is_handed_over_unseen(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    asked = deployed(world)
    assert world.password == "the-password"
    assert "the-password" not in capsys.readouterr().out + "".join(asked)
