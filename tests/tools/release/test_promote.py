"""`make promote` with stand-ins for aws, docker, git and GitHub."""

import json
import re
from dataclasses import replace

import pytest

from cdk.settings import environment
from tests.tools.release.stand_ins import COMMIT, DIGEST, World, ended_there, runs, shown
from tools.console import Failure
from tools.release import green, promote
from tools.release.site import Site

REGISTRY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
pytestmark = pytest.mark.parametrize("env", ["prod"], indirect=True)


@pytest.fixture(autouse=True)
def dev_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promote, "refuse_examples", lambda _settings: None)


@pytest.fixture
def world(world: World) -> World:
    """One in which dev sold with what prod has not yet."""
    world.has_images("dev")
    return world


def copied(asked: list[str]) -> list[str]:
    return [line.partition("create ")[2] for line in asked if "imagetools create" in line]


def test_prod_gets_the_digests_that_dev_sold_with_and_nothing_is_built(world: World) -> None:
    promote.promote(world.site())
    wanted = [
        f"--tag {REGISTRY}/tickets-prod/{image}:{COMMIT} {REGISTRY}/tickets-dev/{image}@{DIGEST}"
        for image in ("backend", "frontend")
    ]
    assert copied(world.asked) == wanted
    assert [line for line in world.asked if re.search(r"buildx build|^cdk|^kubectl", line)] == []
    assert world.password == "the-password"


def test_what_was_brought_already_is_not_brought_again(world: World) -> None:
    promote.promote(world.site())
    (world.folder / "bin" / "asked").unlink()
    promote.promote(world.site())
    assert [line for line in world.asked if line.startswith("docker")] == []


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"RUNS": runs("failure")}, "^ci of 0123456789ab: failure"),
        ({"SOLD": runs("failure")}, "^deploy-dev of 0123456789ab: failure"),
        ({"SOLD": runs("success", commit="f" * 40)}, "^deploy-dev of 0123456789ab: never started"),
    ],
)
def test_what_has_not_sold_in_dev_stays_there(
    world: World, answers: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(green, "WAIT", 0)
    with pytest.raises(Failure, match=says):
        promote.promote(world.changed(**answers).site())
    assert [line for line in world.asked if re.match("docker|aws ecr", line)] == []


def test_what_dev_no_longer_has_cannot_be_brought(world: World) -> None:
    world.has_images()
    with pytest.raises(Failure, match=r"^dev has no backend and frontend of 0123456789ab any more: deploy the commit"):
        promote.promote(world.site())


def test_what_was_built_for_prod_alone_is_not_taken_for_what_dev_sold_with(world: World) -> None:
    world.has_images("dev", "prod")
    says = r"^backend and frontend of 0123456789ab was built for prod, and is not what dev sold with$"
    with pytest.raises(Failure, match=says):
        promote.promote(world.changed(OTHER="prod").site())


def test_a_copy_that_is_something_else_is_not_deployed(world: World) -> None:
    with pytest.raises(
        Failure, match=rf"/tickets-prod/backend:{COMMIT} was copied and is not {DIGEST}: look into both"
    ):
        promote.promote(world.changed(OTHER="prod").site())


def test_two_accounts_have_two_registries_of_which_each_wants_its_own_password(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = replace(environment("dev"), account="444455556666", region="eu-north-1")
    monkeypatch.setattr(promote, "environment", lambda _name: elsewhere)
    promote.promote(world.site())
    asked = "\n".join(world.asked)
    other = "444455556666.dkr.ecr.eu-north-1.amazonaws.com"
    assert re.findall(r"--password-stdin (\S+)", asked) == [other, REGISTRY]
    assert re.findall(r"get-login-password --region (\S+)", asked) == ["eu-north-1", "eu-west-1"]
    assert "--registry-id 444455556666 --repository-name tickets-dev/backend" in asked
    assert copied(world.asked)[0].endswith(f" {other}/tickets-dev/backend@{DIGEST}")


def test_every_failure_ends_it_there(world: World) -> None:
    promote.promote(world.site())
    for number in range(1, len(world.asked) + 1):
        world.forget()
        with pytest.raises(Failure):
            promote.promote(world.changed(FAIL_AT=str(number)).site())
        assert ended_there(world.asked, number)


def test_a_dry_run_shows_the_very_commands_and_runs_none(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    promote.promote(world.site())
    really = shown(capsys.readouterr().out)
    world.forget()
    promote.promote(world.site(dry_run=True))
    assert world.asked == []
    planned = shown(capsys.readouterr().out)
    assert [_kind(line) for line in planned] == [_kind(line) for line in really]


def _kind(command: str) -> str:
    return re.sub(r"\b[0-9a-f]{40}\b|sha256:[0-9a-f]{64}", "…", command)


def test_an_environment_that_goes_first_builds_its_own(world: World) -> None:
    site = world.site()
    with pytest.raises(Failure, match=r"^dev takes images from no other environment: `make push ENV=dev` builds them$"):
        promote.promote(Site(environment("dev"), site.commands))
    assert world.asked == []


def test_a_dev_that_was_never_set_up_is_no_source(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with pytest.raises(Failure, match=r"^prod takes its images from dev: account, .* of dev still hold examples"):
        promote.promote(world.site())


def way_back(status: str) -> str:
    """What GitHub says of one, and of the deployment that asks."""
    runs = [("deploy", "in_progress"), ("rollback", status)]
    return json.dumps(
        {
            "workflow_runs": [
                {"display_title": f"deploy-prod {action}", "status": each, "html_url": f"https://github.com/{action}"}
                for action, each in runs
            ]
        }
    )


@pytest.mark.parametrize("status", ["in_progress", "pending", "queued", "waiting"])
def test_nothing_is_deployed_in_the_place_of_a_way_back(world: World, status: str) -> None:
    with pytest.raises(
        Failure, match=r"^prod goes back, or waits to: https://github\.com/rollback; a deployment would"
    ):
        promote.promote(world.changed(BACK=way_back(status)).site())


def test_a_way_back_that_has_ended_hinders_nobody(world: World) -> None:
    promote.promote(world.changed(BACK=way_back("completed")).site())
    assert copied(world.asked) != []
