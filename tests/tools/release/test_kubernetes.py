"""How manifests get into the cluster: migrations, the way in, what is cleared away, the probe."""

import re

import pytest

from tests.tools.release.stand_ins import ROOT, World, deployed, first
from tools.console import Failure
from tools.release import kubernetes
from tools.release.kubernetes import PRUNED

MANIFESTS = ROOT / "tests" / "manifests" / "snapshots"
LEFT_OUT = {"alertmanagerconfigs", "configmaps", "prometheusrules"}  # of the snapshots, because slo/out has them

only_dev = pytest.mark.parametrize("env", ["dev"], indirect=True)


@only_dev
def test_what_the_manifests_no_longer_name_is_deleted_and_nothing_else(world: World) -> None:
    world.is_there(
        "service/backend",
        "deployment.apps/backend",
        "deployment.apps/former",
        "rolebinding.rbac.authorization.k8s.io/prescaling",
    )
    asked = deployed(world)
    deleted = [line.partition("delete ")[2] for line in asked if " delete " in line and "job/migrate" not in line]
    assert deleted == ["deployment.apps/former"]


@only_dev
def test_a_failed_migration_shows_its_log_and_no_pod_is_replaced(world: World) -> None:
    with pytest.raises(Failure, match=r"job migrate-pre-\w+ failed.* the pods that run go on"):
        deployed(world.changed(JOB="Failed"))
    assert re.search(r"logs job/migrate-pre-\w+ --tail 50$", world.asked[-3])
    assert re.search(r"describe job/migrate-pre-\w+$", world.asked[-2])
    assert [line for line in world.asked if "rollout" in line] == []


@only_dev
def test_a_migration_past_its_deadline_has_no_log_and_is_named_all_the_same(world: World) -> None:
    with pytest.raises(Failure, match=r"^job migrate-pre-\w+ failed, see above"):
        deployed(world.changed(JOB="FailureTarget Failed", NO_LOG="1"))
    assert re.search(r"describe job/migrate-pre-\w+$", world.asked[-2])


@only_dev
def test_a_migration_that_failed_last_time_is_tried_again(world: World) -> None:
    with pytest.raises(Failure, match="failed"):
        deployed(world.changed(JOB="FailureTarget Failed"))
    assert first(world.asked, r"delete job/migrate-pre-\w+ --wait$") < first(world.asked, "apply .*migrate-pre")


@only_dev
def test_a_migration_that_went_well_last_time_looks_at_the_schema_again(world: World) -> None:
    asked = deployed(world.changed(JOB="SuccessCriteriaMet Complete"))
    for phase in ("pre", "post"):
        assert first(asked, rf"delete job/migrate-{phase}-\w+ --wait$") < first(asked, f"apply .*migrate-{phase}")


def test_whatever_the_charts_make_is_cleared_away_when_they_no_longer_do(env: str) -> None:
    text = "".join(path.read_text() for path in (MANIFESTS / env).iterdir())
    made = set(re.findall(r"^kind: (\w+)$", text, re.MULTILINE)) - {"Job", "Namespace", "PriorityClass"}
    plural = {re.sub("y$", "ie", kind.lower()) + ("es" if kind.endswith("ss") else "s") for kind in made}
    assert plural | LEFT_OUT == {name.partition(".")[0] for name in PRUNED}


def test_no_pod_is_made_before_the_load_balancer_knows_its_service(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes, "_KNOWN_SECONDS", 0.0)
    with pytest.raises(Failure, match=r"^the load balancer does not get to know backend: see above"):
        deployed(world.changed(KNOWN="frontend payments"))
    applied = [line for line in world.asked if " apply " in line]
    assert applied[-1].endswith("-edge.k8s.yaml")
    assert [line for line in applied if re.search(r"-(backend|worker|frontend|payments)\.", line)] == []


@only_dev
def test_a_probe_that_cannot_buy_is_tried_again_before_it_is_believed(world: World) -> None:
    with pytest.raises(Failure, match=r"^the probe cannot buy a ticket at https://\S+: see its log above$"):
        deployed(world.changed(PROBE_JOB="Failed"))
    assert len([line for line in world.asked if "create job probe-" in line]) == 5
