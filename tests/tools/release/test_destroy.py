"""`make destroy` with stand-ins for all that it starts."""

import re
from pathlib import Path

import pytest

from tests.tools.release.stand_ins import BALANCER, World, ended_there, first, shown, stand_ins
from tools import synth
from tools.console import Failure
from tools.release import protection
from tools.release.destroy import destroy


@pytest.fixture(params=["dev", "prod"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(synth, "MANIFESTS", tmp_path / "dist")
    return stand_ins(tmp_path, str(request.param), tmp_path)


only_dev = pytest.mark.parametrize("world", ["dev"], indirect=True)
only_prod = pytest.mark.parametrize("world", ["prod"], indirect=True)


def run(world: World) -> list[str]:
    destroy(world.site(), {})
    return world.asked


def test_the_load_balancer_goes_while_its_controller_lives(world: World) -> None:
    asked = run(world)
    order = ["delete ingress --all --wait", "wait load-balancers-deleted", "delete namespace", "^cdk destroy"]
    places = [first(asked, pattern) for pattern in order]
    assert places == sorted(places)


def test_volumes_go_once_nothing_holds_them_and_before_their_driver(world: World) -> None:
    asked = run(world)
    order = [
        r"--namespace monitoring delete prometheus\S*,alertmanager\S* --all .*--wait",
        r"--namespace monitoring delete persistentvolumeclaim --all .*--wait --timeout",
        r"wait persistentvolume --all --for=delete",
        r"^cdk destroy",
    ]
    places = [first(asked, pattern) for pattern in order]
    assert places == sorted(places)


def test_a_cluster_in_which_nothing_was_installed_goes_as_well(world: World) -> None:
    assert first(run(world.changed(NO_OPERATOR="1")), "^cdk destroy") > 0


def test_every_failure_ends_it_there(world: World) -> None:
    for number in range(1, len(run(world)) + 1):
        world.forget()
        with pytest.raises(Failure):
            run(world.changed(FAIL_AT=str(number)))
        assert ended_there(world.asked, number)


def test_a_second_time_finds_no_cluster_and_goes_on(world: World) -> None:
    asked = run(world.changed(NO_CLUSTER="1"))
    assert [line for line in asked if line.startswith("kubectl")] == []
    assert [line for line in asked if line.startswith("cdk destroy")] != []


def test_a_dry_run_runs_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    destroy(world.site(dry_run=True), {})
    assert world.asked == []
    assert any(line.startswith("cdk destroy") for line in shown(capsys.readouterr().out))


@only_dev
def test_dev_goes_as_a_whole(world: World) -> None:
    (last,) = [line for line in run(world) if line.startswith("cdk")]
    assert last.endswith("--all --force")


@only_prod
def test_prod_keeps_its_data_and_takes_a_snapshot_when_nobody_buys_any_more(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = run(world)
    (last,) = [line for line in asked if line.startswith("cdk")]
    assert last.endswith("Delivery Observability Messaging Edge Platform Cluster --force")
    snapshot = first(
        asked, r"create-db-snapshot --db-instance-identifier tickets-prod-db .*tickets-prod-final-\d{8}-\d{6} "
    )
    assert first(asked, "delete namespace tickets-prod") < snapshot < first(asked, "^cdk destroy")
    assert (
        "kept on purpose: tickets-prod-network, tickets-prod-registry, tickets-prod-database" in capsys.readouterr().out
    )


@only_prod
def test_only_what_goes_loses_its_protection(world: World) -> None:
    asked = run(world)
    unprotected = re.findall(r"update-termination-protection .*--stack-name (\S+)", "\n".join(asked))
    assert unprotected == ["tickets-prod-cluster", "tickets-prod-edge"]
    assert [line for line in asked if "rds modify" in line] == []


class TestAnIngressThatIsProtected:
    """Its controller deletes none whose annotation asks for protection, whatever the load balancer itself says."""

    @only_prod
    def test_no_longer_asks_for_it_when_it_is_deleted(self, world: World) -> None:
        asked = run(world)
        kept = "idle_timeout.timeout_seconds=60,deletion_protection.enabled=false,access_logs.s3.enabled=true"
        annotate = first(asked, f"annotate ingress/aegistickets --overwrite \\S+/load-balancer-attributes={kept}$")
        assert annotate < first(asked, "describe-load-balancer-attributes") < first(asked, "delete ingress --all")

    @only_prod
    def test_is_deleted_only_once_the_controller_has_carried_that_out(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(protection, "LOOK_SECONDS", 0.0)
        asked = run(world.changed(STILL_PROTECTED="2"))
        looks = [place for place, line in enumerate(asked) if f"attributes --load-balancer-arn {BALANCER}" in line]
        assert len(looks) == 3
        assert looks[-1] < first(asked, "delete ingress --all")

    @only_prod
    def test_stays_when_its_controller_does_nothing(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(protection, "CARRIED_OUT_SECONDS", 0.0)
        with pytest.raises(Failure, match=r"^the controller leaves the load balancer protected"):
            run(world.changed(STILL_PROTECTED="1"))
        assert [line for line in world.asked if "delete ingress" in line] == []

    @only_dev
    def test_is_none_in_dev(self, world: World) -> None:
        assert [line for line in run(world) if "annotate" in line or "load-balancer-attributes" in line] == []


def test_what_is_left_is_listed(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    run(world)
    assert "  arn:aws:rds:eu-west-1:111122223333:snapshot:left" in capsys.readouterr().out.splitlines()
