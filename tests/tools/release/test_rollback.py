"""`make rollback` with stand-ins for all that it starts, after `make deploy` with the same; the manifests are real."""

import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cdk.constructs.image_repository import KEPT_IMAGES
from tests.tools.release.stand_ins import COMMIT, DIGEST, PIPELINE, ROOT, World, ended_there, first, shown, stand_ins
from tools import synth
from tools.console import Failure
from tools.release import attempts
from tools.release import rollback as module
from tools.release.deploy import deploy
from tools.release.releases import KEPT, Release, Releases, chosen
from tools.release.rollback import rollback
from tools.release.site import Site

MANIFESTS = ROOT / "tests" / "manifests" / "snapshots"
REGISTRY = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/tickets-dev"
NO_DIGEST = "sha256:" + "0" * 64  # of the example, which the stand-in of cdk8s makes
CHANGES = r"^cdk |kubectl .* (apply|delete|annotate|rollout) "
MOST = 1024 * 1024  # bytes that Kubernetes lets a ConfigMap have


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """One that was deployed once, and remembers it."""
    monkeypatch.setattr(synth, "MANIFESTS", tmp_path / "dist")
    monkeypatch.setattr(synth, "STEPS", [each for each in synth.STEPS if each.name != "manifest-checkov"])
    monkeypatch.setattr(module, "FOLDER", tmp_path / "rollback")
    monkeypatch.setattr(Site, "outputs", tmp_path / "outputs.json")
    made = stand_ins(tmp_path, "dev", MANIFESTS / "dev")
    deploy(made.site(), {})
    remember(made, json.loads((tmp_path / "dist" / "dev.release.json").read_text()))
    made.forget()
    return made


def remember(world: World, *config_maps: object) -> None:
    """Have the cluster hold these releases."""
    (world.folder / "bin" / "releases").write_text(json.dumps({"items": config_maps}))


def release(commit: str, at: str, digest: str = DIGEST) -> Release:
    body = {"kind": "Deployment", "spec": {"template": {"spec": {"containers": [{"image": f"backend@{digest}"}]}}}}
    return Release(commit, at, {"0001-backend.k8s.yaml": json.dumps(body)})


def test_what_sold_comes_back_to_the_letter(world: World) -> None:
    rollback(world.site(), {})
    back = world.folder / "rollback" / "dev"
    made = {path.name: path.read_text() for path in (MANIFESTS / "dev").iterdir()}
    assert {path.name: path.read_text() for path in back.iterdir()} == made


def test_pods_are_replaced_only_after_the_schema_was_asked_whether_it_bears_the_former_ones(world: World) -> None:
    rollback(world.site(), {})
    order = [
        r"^aws sts", r"update-kubeconfig", r"create --filename .*lease", r"get configmaps",
        r"delete job/migrate-pre-\w+ --wait", r"apply .*migrate-pre", r"apply .*-edge\.", r"apply .*-backend\.",
        r"rollout status deployment/backend", r"get .*--selector app.kubernetes.io/managed-by=cdk8s",
        r"^python -m tools.release.smoke https://", r"create job probe-", r"replace --filename .*lease",
    ]  # fmt: skip
    places = [first(world.asked, pattern) for pattern in order]
    assert places == sorted(places)
    assert [line for line in world.asked if re.search(r"migrate-post\.|^cdk|^docker|^git|slo gate", line)] == []


def test_a_schema_that_was_narrowed_since_is_refused_and_no_pod_is_touched(world: World) -> None:
    with pytest.raises(Failure, match=r"job migrate-pre-\w+ failed.* the pods that run go on"):
        rollback(world.changed(JOB="Failed").site(), {})
    assert [line for line in world.asked if "rollout" in line or "backend.k8s" in line] == []


def test_every_failure_ends_it_there(world: World) -> None:
    rollback(world.site(), {})
    for number in range(1, len(world.asked)):  # the last gives the lease back, which hides no failure and is none
        world.forget()
        with pytest.raises(Failure):
            rollback(world.changed(FAIL_AT=str(number)).site(), {})
        assert ended_there(world.asked, number)
        assert world.holder == ""


def test_what_was_undone_is_forgotten_so_that_nothing_goes_back_to_it(world: World) -> None:
    first_one = json.loads((world.folder / "bin" / "releases").read_text())["items"][0]
    failed = {**first_one, "data": {"commit": "f" * 40, "at": "2999-01-01T00:00:00+00:00"}}
    remember(world, failed, first_one)
    rollback(world.changed(CALLER=PIPELINE.format(env="dev")).site(), {"TO": COMMIT})
    assert world.asked[-2].endswith(f"delete configmap release-{'f' * 12} --ignore-not-found")


class TestUndoing:
    """What a pipeline does when a step after `make deploy` failed, or that itself."""

    def test_a_commit_that_ran_and_sold_before_stays_and_is_not_forgotten(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        again = world.changed(RUNNING=f"{REGISTRY}/backend@{NO_DIGEST} {REGISTRY}/frontend@{NO_DIGEST}")
        deploy(again.site(), {})
        again.forget()
        rollback(again.site(), {"UNDO": COMMIT})
        assert [line for line in again.asked if re.search(CHANGES, line)] == []
        assert f"{COMMIT[:12]} ran and sold before this deployment of it: it stays" in capsys.readouterr().out

    def test_what_failed_before_any_pod_was_touched_leaves_nothing_to_undo(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(Failure, match="migrate-pre"):
            deploy(world.changed(JOB="Failed").site(), {})
        world.forget()
        rollback(world.site(), {"UNDO": COMMIT})
        assert [line for line in world.asked if re.search(CHANGES, line)] == []
        assert "no pod was touched, so there is nothing to undo" in capsys.readouterr().out

    def test_what_another_commit_ran_before_comes_back(self, world: World) -> None:
        (new,) = json.loads((world.folder / "bin" / "releases").read_text())["items"]
        former = {**new, "data": {"commit": "f" * 40, "at": "2026-01-01T00:00:00+00:00"}}
        remember(world, new, former)
        rollback(world.site(), {"UNDO": COMMIT})
        assert world.asked[-2].endswith(f"delete configmap release-{COMMIT[:12]} --ignore-not-found")


def test_a_release_fits_into_the_cluster_and_old_ones_leave_it(world: World) -> None:
    (kept,) = json.loads((world.folder / "bin" / "releases").read_text())["items"]
    assert len(json.dumps(kept)) < MOST / 4
    remember(world, *({**kept, "data": {"commit": f"{n:02}" * 20, "at": f"2026-01-{n:02}"}} for n in range(1, 13)))
    Releases(world.site()).record(COMMIT, world.folder / "dist" / "dev")
    assert world.asked[-1].endswith(f"delete configmap release-{'02' * 6} release-{'01' * 6} --ignore-not-found")


def test_images_stay_in_the_registry_longer_than_releases_are_kept() -> None:
    assert KEPT_IMAGES >= 2 * KEPT


def test_a_dry_run_runs_nothing(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(MANIFESTS / "dev", world.folder / "rollback" / "dev")  # of the last time; else it makes an example
    rollback(world.site(dry_run=True), {})
    assert world.asked == []
    said = shown(capsys.readouterr().out)
    assert first(said, "get configmaps") < first(said, "apply .*migrate-pre") < first(said, "tools.release.smoke")


def test_a_dry_run_works_on_a_bare_clone() -> None:
    command = [sys.executable, "-m", "tools.release.rollback", "--dry-run"]
    said = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "ENV": "prod"}, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, "")


class TestStacksThatMovedOn:
    """A release names what the stacks had made when it was deployed."""

    says = (
        rf"^{COMMIT[:12]} needs arn:aws:acm:\S+/example, which the stacks have replaced since: deploy that commit anew"
    )

    def test_what_a_later_release_has_another_of_is_refused_before_anything_is_applied(self, world: World) -> None:
        (old,) = json.loads((world.folder / "bin" / "releases").read_text())["items"]
        texts = {path.name: path.read_text().replace("certificate/example", "certificate/new")
                 for path in (MANIFESTS / "dev").iterdir()}  # fmt: skip
        packed = base64.b64encode(gzip.compress(json.dumps(texts).encode())).decode()
        new = {"data": {"commit": "f" * 40, "at": "2999"}, "binaryData": {"manifests.json.gz": packed}}
        remember(world, new, old)
        with pytest.raises(Failure, match=self.says):
            rollback(world.site(), {"TO": COMMIT})
        assert [line for line in world.asked if " apply " in line] == []

    def test_so_is_what_the_deployment_that_is_undone_has_replaced(self, world: World) -> None:
        outputs = {"tickets-dev-edge": {"CertificateArn": "arn:aws:acm:eu-west-1:111122223333:certificate/new"}}
        Path(world.site().outputs).write_text(json.dumps(outputs))
        attempts.remember(world.site(), "f" * 40, before=COMMIT)
        with pytest.raises(Failure, match=self.says):
            rollback(world.site(), {"UNDO": "f" * 40})


class TestWhichOne:
    new, middle, old = release("c" * 40, "3", "sha256:c"), release("b" * 40, "2", "sha256:b"), release("a" * 40, "1")
    known = (new, middle, old)

    def test_the_one_before_what_runs(self) -> None:
        assert chosen(self.known, running=self.new.images) == self.middle

    def test_the_newest_that_sold_when_what_runs_never_did(self) -> None:
        assert chosen(self.known, running={"backend@sha256:half", "frontend@sha256:way"}) == self.new

    def test_the_newest_but_the_one_to_undo_whether_it_got_as_far_as_running_or_not(self) -> None:
        assert chosen(self.known, running=self.new.images, undo="c" * 40) == self.middle
        assert chosen(self.known, running=self.new.images, undo="d" * 40) == self.new

    def test_the_one_that_is_named(self) -> None:
        assert chosen(self.known, running=set(), to="aaaa") == self.old

    def test_none_and_which_there_are(self) -> None:
        with pytest.raises(Failure, match=r"^there is no such release .*\(kept: cccccccccccc of 3, bbbbbbbbbbbb of 2"):
            chosen(self.known, running=set(), to="eeee")
        with pytest.raises(Failure, match=r"\(kept: none\): deploy an earlier commit instead$"):
            chosen([], running=set())
