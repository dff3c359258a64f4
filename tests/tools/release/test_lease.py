"""Two who would change one environment at once: the second is told who is at it."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kubernetes_validate
import pytest

from cdk.constructs.github import LONGEST_JOB
from tests.tools.release.stand_ins import COMMIT, PERSON, World, deployed
from tools.console import Failure
from tools.release import attempts, lease, rollback
from tools.release.destroy import destroy
from tools.release.lease import Lease

RUN = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "example/aegistickets",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_RUN_ATTEMPT": "1",
}
ADDRESS = "https://github.com/example/aegistickets/actions/runs/4711"
CHANGES = r"^cdk |kubectl .* (apply|delete|annotate|rollout) "

pytestmark = pytest.mark.parametrize("env", ["dev"], indirect=True)


def held(world: World, *, minutes_ago: float = 5, by: str = "somebody else") -> None:
    """Have the cluster hold the lease."""
    since = (datetime.now(UTC) - timedelta(minutes=minutes_ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    spec = {"holderIdentity": by, "acquireTime": since, "leaseDurationSeconds": int(lease.LASTS.total_seconds())}
    body = {"metadata": {"name": lease.NAME, "resourceVersion": "7"}, "spec": spec}
    (world.folder / "bin" / "lease").write_text(json.dumps(body))


def destroyed(world: World) -> None:
    destroy(world.site(), {})


def taken_back(world: World) -> None:
    rollback.rollback(world.site(), {"TO": COMMIT})


@pytest.mark.parametrize("change", [deployed, taken_back, destroyed])
def test_who_comes_second_is_told_who_and_since_when_and_what_to_do_and_changes_nothing(
    world: World, change: Callable[[World], object]
) -> None:
    held(world)
    says = (
        r"^dev is being changed by somebody else, since \d\d:\d\d UTC: wait for its end, at \d\d:\d\d at the latest; "
        r"if it is dead for certain, say TAKE_OVER='somebody else'$"
    )
    with pytest.raises(Failure, match=says):
        change(world)
    assert [line for line in world.asked if re.search(CHANGES, line)] == []
    assert world.holder == "somebody else"


def test_it_is_held_from_the_first_change_to_the_last_and_free_afterwards(world: World) -> None:
    asked = deployed(world)
    changes = [place for place, line in enumerate(asked) if re.search(CHANGES, line)]
    takes, gives = (next(n for n, line in enumerate(asked) if f" {verb} --filename" in line and "lease" in line)
                    for verb in ("create", "replace"))  # fmt: skip
    assert takes < changes[0] < changes[-1] < gives
    assert world.holder == ""
    (world.folder / "bin" / "asked").unlink()
    assert deployed(world) != []


def test_it_ends_by_itself_when_no_deployment_can_last_any_longer(world: World) -> None:
    held(world, minutes_ago=lease.LASTS.total_seconds() / 60 + 1)
    deployed(world)
    assert lease.LASTS.total_seconds() == LONGEST_JOB.to_seconds()


def test_it_can_be_taken_over_from_whom_one_names_and_from_nobody_else(world: World) -> None:
    held(world)
    with pytest.raises(Failure, match="changed by somebody else"):
        deployed(world, TAKE_OVER="whoever it was before")
    deployed(world, TAKE_OVER="somebody else")


def test_what_was_taken_over_is_left_to_its_new_holder(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    ours = Lease(world.site(), {})
    ours.take(PERSON)
    held(world, by="a new holder")
    ours.give_back()
    assert world.holder == "a new holder"
    assert "it ends by itself, or somebody has taken it over" in capsys.readouterr().out


def test_of_two_who_found_it_free_one_is_let_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    second = Lease(world.site(), {})
    monkeypatch.setattr(second, "_find", lambda: None)
    Lease(world.site(), RUN).take(PERSON)
    with pytest.raises(Failure, match=r"^`kubectl create --filename \S+ …` failed"):
        second.take(PERSON)
    assert world.holder == ADDRESS


def test_a_run_of_github_is_one_holder_in_all_its_steps_and_attempts(world: World) -> None:
    held(world, by=ADDRESS)
    deployed(world, **{**RUN, "GITHUB_RUN_ATTEMPT": "2"})
    held(world, by=ADDRESS)
    with pytest.raises(Failure, match=f"changed by {ADDRESS}, since"):
        deployed(world, **{**RUN, "GITHUB_RUN_ID": "4712"})


class TestAfterADeploymentThatWasKilled:
    """GitHub waits ten seconds for a step that it cancels; the way back is the next step of the same run."""

    @pytest.mark.parametrize("touched", [False, True])
    def test_the_way_back_gives_the_lease_back_also_when_there_is_nothing_to_undo(
        self, world: World, *, touched: bool
    ) -> None:
        if touched:
            attempts.remember(world.site(), COMMIT, before=COMMIT)
        held(world, by=ADDRESS)
        rollback.rollback(world.site(), {"UNDO": COMMIT, **RUN})
        assert world.holder == ""
        assert [line for line in world.asked if re.search(CHANGES, line)] == []

    def test_that_of_somebody_else_is_left_to_them(self, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        held(world)
        rollback.rollback(world.site(), {"UNDO": COMMIT, **RUN})
        assert world.holder == "somebody else"
        assert "the lease is left as it is: dev is being changed by somebody else" in capsys.readouterr().out

    def test_where_no_cluster_was_made_there_is_none_to_give_back(self, world: World) -> None:
        rollback.rollback(world.changed(NO_CLUSTER="1").site(), {"UNDO": COMMIT, **RUN})
        assert [line for line in world.asked if not line.startswith("aws eks describe-cluster")] == []


def test_a_person_is_named_with_the_process_since_two_of_theirs_are_two(world: World) -> None:
    Lease(world.site(), {}).take(PERSON)
    assert re.fullmatch(r"engineer/you on \S+, process \d+", world.holder)


@pytest.mark.parametrize("missing", [{"NO_CLUSTER": "1"}, {"NO_NAMESPACE": "1"}])
def test_where_there_is_nothing_yet_to_hold_it_in_nobody_is_kept_from_making_it(
    world: World, missing: dict[str, str]
) -> None:
    deployed(world.changed(**missing))
    assert [line for line in world.asked if "tools.release.smoke" in line] != []


def test_a_destroyed_environment_takes_its_lease_along(world: World, tmp_path: Path) -> None:
    destroyed(world)
    gone = next(n for n, line in enumerate(world.asked) if "delete namespace tickets-dev" in line)
    assert [line for line in world.asked[gone:] if "lease" in line] == []
    assert (tmp_path / "dist" / "dev.lease.json").exists()


def test_what_is_written_is_a_lease_as_kubernetes_knows_it(world: World, tmp_path: Path) -> None:
    deployed(world)
    written = json.loads((tmp_path / "dist" / "dev.lease.json").read_text())
    kubernetes_validate.validate(written, "1.36", strict=True)
    assert written["metadata"] == {"name": lease.NAME, "resourceVersion": "1"}, "so that no later one is overwritten"
