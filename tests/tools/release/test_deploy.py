"""`make deploy` with stand-ins for all that it starts; the manifests are real."""

import os
import re
import subprocess
import sys

import pytest

from backend.domain.probe import PROBE_EVENT
from tests.tools.release.stand_ins import (
    PERSON,
    PIPELINE,
    ROOT,
    World,
    deployed,
    ended_there,
    first,
    shown,
)
from tools.console import Failure
from tools.release.deploy import deploy, only_stacks, push

only_dev = pytest.mark.parametrize("env", ["dev"], indirect=True)
only_prod = pytest.mark.parametrize("env", ["prod"], indirect=True)


def test_everything_happens_in_an_order_that_no_customer_notices(world: World) -> None:
    asked = deployed(world)
    order = [
        r"^git status", r"^aws sts", r" create --filename .*lease", r"^cdk deploy .*--all", r"^aws ecr describe-images",
        r"^cdk8s synth", r"^python -m ticketing.checks",
        r"apply .*migrate-pre", r"apply .*-edge\.", r"wait ingress/.*hostname", r"get targetgroupbindings",
        r"apply .*-backend\..*-worker\.",
        r"rollout status deployment/backend",
        r"get .*--selector app.kubernetes.io/managed-by=cdk8s",
        r"^cdk deploy .*Edge Observability", r"^python -m tools.release.smoke",
        r"create job probe-[\d-]+ --from=cronjob/probe$", r"^python -m tools.load$", r"apply .*migrate-post",
        r"apply .*/dist/\w+\.release\.json", r" replace --filename .*lease",
    ]  # fmt: skip
    places = [first(asked, pattern) for pattern in order]
    assert places == sorted(places)
    waited = max(place for place, line in enumerate(asked) if "get job/migrate-pre" in line)
    assert first(asked, "apply .*migrate-pre") < waited < first(asked, "apply .*-backend")
    assert re.search(r"get job/probe-[\d-]+ ", asked[first(asked, "create job probe-") + 1])


@only_prod  # which does all that dev does, and asks the gate first
def test_every_failure_ends_it_there(world: World) -> None:
    fatal = [n for n, line in enumerate(deployed(world), 1) if not re.search(r"tools\.load$|replace .*lease", line)]
    for number in fatal:
        world.forget()
        with pytest.raises(Failure):
            deployed(world.changed(FAIL_AT=str(number)))
        assert ended_there(world.asked, number)
        assert world.holder == ""


def test_a_dry_run_shows_the_very_commands_and_runs_none(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(world)
    really = shown(capsys.readouterr().out)
    world.forget()
    deploy(world.site(dry_run=True), {})
    assert world.asked == []
    planned = shown(capsys.readouterr().out)
    assert [_kind(line) for line in planned] == [_kind(line) for line in really]


def _kind(command: str) -> str:
    """Without what only a run knows: commits, digests, ports, the names that AWS gives."""
    command = re.sub(r"\b[0-9a-f]{40}\b|sha256:[0-9a-f]{64}|54321|PORT|probe-[\d-]+|sync=\d+", "…", command)
    return re.sub(r"(DNSNAME|lb\.example\.com)|=(ZONE|Z32\w+)|app/[^ ]+", "…", command)


@only_dev
def test_a_new_account_is_bootstrapped_once(world: World) -> None:
    assert "cdk bootstrap aws://111122223333/eu-west-1" in deployed(world.changed(NOT_BOOTSTRAPPED="1"))
    world.forget()
    assert [line for line in deployed(world) if "cdk bootstrap" in line] == []


def test_pipelines_come_as_themselves_and_people_as_the_clusters_administrator(world: World) -> None:
    person = deployed(world.changed(CALLER=PERSON))
    world.forget()
    push(world.site(), {})
    pipeline = deployed(world.changed(CALLER=PIPELINE.format(env=world.env)))
    role = f"--role-arn arn:aws:iam::111122223333:role/tickets-{world.env}-administrator"
    assert [line for line in person if "update-kubeconfig" in line and role not in line] == []
    assert [line for line in pipeline if "--role-arn" in line or "bootstrap" in line] == []


@only_dev
def test_what_no_commit_has_is_not_deployed(world: World) -> None:
    with pytest.raises(Failure, match="commit them first"):
        deployed(world.changed(CHANGED=" M backend/app.py"))
    assert world.asked == ["git status --porcelain"]


def test_a_dry_run_works_on_a_bare_clone() -> None:
    command = [sys.executable, "-m", "tools.release.deploy", "--dry-run"]
    said = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "ENV": "prod"}, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert "dry run: every command is shown and none is run" in said.stdout


@only_dev
def test_a_dry_run_shows_every_command_where_nothing_was_ever_synthesized(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    deploy(world.site(dry_run=True), {})
    planned = shown(capsys.readouterr().out)
    deployed(world)
    really = shown(capsys.readouterr().out)
    assert [_version(_kind(line)) for line in planned] == [_version(_kind(line)) for line in really]


def _version(command: str) -> str:
    """Without what a migration's name has of its image."""
    return re.sub(r"(migrate-\w+)-[0-9a-f]{10}", r"\1", command)


class TestWhetherItIsAsQuickAsPromised:
    """k6 decides: before the schema is narrowed, and before there is a release to go back to."""

    @only_dev
    def test_k6_buys_what_costs_nothing_as_slowly_as_one_address_may(self, world: World) -> None:
        deployed(world)
        assert world.loads == [f"smoke https://dev.tickets.example.com {PROBE_EVENT} 1 60"]

    @only_dev
    def test_one_bad_answer_blames_no_release(self, world: World) -> None:
        asked = deployed(world.changed(SLOW="1"))
        assert len(world.loads) == 2
        assert first(asked, "apply .*migrate-post") < first(asked, r"apply .*\.release\.json")

    @only_dev
    def test_what_is_slow_twice_narrows_nothing_and_is_no_release(self, world: World) -> None:
        says = r"^0123456789ab does not keep the promise, see above: it is not released, and `make rollback ENV=dev`"
        with pytest.raises(Failure, match=says):
            deployed(world.changed(SLOW="2"))
        assert len(world.loads) == 2
        assert [line for line in world.asked if re.search(r"migrate-post|release\.json", line)] == []


class TestStacksWhoseFirstDeploymentFailed:
    """The CDK deletes them before it makes them anew, and has protected them itself."""

    @only_prod
    def test_lose_their_protection_so_that_they_can_be_made_again(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        only_stacks(world.changed(HALF_MADE="tickets-prod-network tickets-prod-cluster").site(), {})
        asked = world.asked
        off = [line for line in asked if "update-termination-protection" in line]
        assert [line.split()[5] for line in off] == ["tickets-prod-cluster", "tickets-prod-network"]
        assert first(asked, "update-cluster-config .*--no-deletion-protection") < first(asked, "^cdk deploy")
        assert "tickets-prod-network was never complete, so it is made anew" in capsys.readouterr().out

    @only_prod
    def test_leave_the_cluster_its_protection_when_it_is_not_of_them(self, world: World) -> None:
        only_stacks(world.changed(HALF_MADE="tickets-prod-edge").site(), {})
        assert [line for line in world.asked if "update-cluster-config" in line] == []

    def test_are_no_matter_for_a_pipeline_whose_role_such_stacks_make(self, world: World) -> None:
        push(world.site(), {})
        asked = deployed(world.changed(CALLER=PIPELINE.format(env=world.env)))
        assert [line for line in asked if line.startswith("aws cloudformation")] == []


@only_prod
def test_stacks_alone_ask_nothing_of_a_cluster_that_may_be_out_of_reach(world: World) -> None:
    only_stacks(world.site(), {})
    assert [line for line in world.asked if re.match(r"kubectl|docker|aws eks|aws ecr", line)] == []
    assert [line for line in world.asked if re.match(r"cdk deploy .*--all", line)] != []
