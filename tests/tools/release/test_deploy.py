"""`make deploy` with stand-ins for all that it starts; the manifests are real."""

import base64
import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdk.names import SECRETS_VERSION
from tests.tools.release.stand_ins import COMMIT, DIGEST, PERSON, PIPELINE, ROOT, World, shown, stand_ins
from tools import synth
from tools.commands import Commands
from tools.console import Failure
from tools.release import current, kubernetes
from tools.release.deploy import ask, deploy, push
from tools.release.kubernetes import PRUNED
from tools.release.site import chosen

MANIFESTS = ROOT / "tests" / "manifests" / "snapshots"
LEFT_OUT = {"alertmanagerconfigs", "configmaps", "prometheusrules"}  # of the snapshots, because slo/out has them


@pytest.fixture(params=["dev", "prod"])
def env(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(env: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """One in which nothing was deployed by hand and everything goes well."""
    monkeypatch.setattr(synth, "MANIFESTS", tmp_path / "dist")
    # checkov is no stand-in and takes long; `make synth` runs it.
    monkeypatch.setattr(synth, "STEPS", [each for each in synth.STEPS if each.name != "manifest-checkov"])
    return stand_ins(tmp_path, env, MANIFESTS / env)


only_dev = pytest.mark.parametrize("env", ["dev"], indirect=True)
only_prod = pytest.mark.parametrize("env", ["prod"], indirect=True)


def run(world: World, **variables: str) -> list[str]:
    """Deploy; what was asked of the programs."""
    deploy(world.site(), variables)
    return world.asked


def first(asked: list[str], pattern: str) -> int:
    """Where the first command of this look was."""
    return next(place for place, line in enumerate(asked) if re.search(pattern, line))


def test_everything_happens_in_an_order_that_no_customer_notices(world: World) -> None:
    asked = run(world)
    order = [
        r"^git status", r"^aws sts", r"^cdk deploy .*--all", r"^aws ecr describe-images", r"^docker login",
        r"^docker buildx build .*/backend:.* --push", r"^docker buildx build .*/frontend:.* --push",
        r"^cdk8s synth", r"^python -m ticketing.checks",
        r"apply .*migrate-pre", r"apply .*-edge\.", r"wait ingress/.*hostname", r"get targetgroupbindings",
        r"apply .*-backend\..*-worker\.",
        r"rollout status deployment/backend",
        r"get .*--selector app.kubernetes.io/managed-by=cdk8s",
        r"^cdk deploy .*Edge Observability", r"^python -m tools.release.smoke",
        r"create job probe-[\d-]+ --from=cronjob/probe$", r"apply .*migrate-post", r"apply .*/dist/\w+\.release\.json",
    ]  # fmt: skip
    places = [first(asked, pattern) for pattern in order]
    assert places == sorted(places)
    waited = max(place for place, line in enumerate(asked) if "get job/migrate-pre" in line)
    assert first(asked, "apply .*migrate-pre") < waited < first(asked, "apply .*-backend")
    assert re.search(r"get job/probe-[\d-]+ ", asked[first(asked, "create job probe-") + 1])


@only_prod  # which does all that dev does, and asks the gate first
def test_every_failure_ends_it_there(world: World) -> None:
    asked = run(world)
    for number in range(1, len(asked) + 1):
        world.forget()
        with pytest.raises(Failure):
            run(world.changed(FAIL_AT=str(number)))
        assert len(world.asked) == number


def test_a_dry_run_shows_the_very_commands_and_runs_none(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    run(world)
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
def test_images_are_known_by_their_commit_and_run_by_their_digest(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = run(world)
    registry = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
    (build,) = [line for line in asked if line.startswith("docker buildx build") and "frontend" in line]
    assert f"--tag {registry}/tickets-dev/frontend:{COMMIT} --push" in build
    assert f"--build-arg NODE=node:24-bookworm-slim@{DIGEST}" in build
    assert "--platform linux/amd64,linux/arm64 --provenance mode=max --sbom true" in build
    assert f"BACKEND_IMAGE={DIGEST} FRONTEND_IMAGE={DIGEST} cdk8s synth" in capsys.readouterr().out


@only_dev
def test_an_image_that_is_there_already_is_not_built_again(world: World) -> None:
    run(world)
    (world.folder / "bin" / "asked").unlink()
    assert [line for line in run(world) if "--push" in line] == []


def test_a_pipeline_deploys_the_images_that_another_of_its_jobs_has_pushed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world = world.changed(CALLER=PIPELINE.format(env=world.env))
    push(world.site(), {})
    assert [line for line in world.asked if re.match("cdk|kubectl", line)] == []
    (world.folder / "bin" / "asked").unlink()
    assert [line for line in run(world) if line.startswith("docker") or "get-login-password" in line] == []
    assert f"BACKEND_IMAGE={DIGEST} FRONTEND_IMAGE={DIGEST} cdk8s synth" in capsys.readouterr().out


def test_a_pipeline_that_finds_no_images_says_what_comes_first(world: World) -> None:
    says = r"^backend and frontend of 0123456789ab were not pushed: `make push` does that first$"
    with pytest.raises(Failure, match=says):
        run(world.changed(CALLER=PIPELINE.format(env=world.env)))


@only_dev
def test_the_registrys_password_is_handed_over_unseen(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    asked = run(world)
    assert world.password == "the-password"
    assert "the-password" not in capsys.readouterr().out + "".join(asked)


@only_dev
def test_a_new_account_is_bootstrapped_once(world: World) -> None:
    assert "cdk bootstrap aws://111122223333/eu-west-1" in run(world.changed(NOT_BOOTSTRAPPED="1"))
    world.forget()
    assert [line for line in run(world) if "cdk bootstrap" in line] == []


def test_pipelines_come_as_themselves_and_people_as_the_clusters_administrator(world: World) -> None:
    person = run(world.changed(CALLER=PERSON))
    world.forget()
    push(world.site(), {})
    pipeline = run(world.changed(CALLER=PIPELINE.format(env=world.env)))
    role = f"--role-arn arn:aws:iam::111122223333:role/tickets-{world.env}-administrator"
    assert [line for line in person if "update-kubeconfig" in line and role not in line] == []
    assert [line for line in pipeline if "--role-arn" in line or "bootstrap" in line] == []


@only_dev
def test_what_the_manifests_no_longer_name_is_deleted_and_nothing_else(world: World) -> None:
    world.is_there(
        "service/backend",
        "deployment.apps/backend",
        "deployment.apps/former",
        "rolebinding.rbac.authorization.k8s.io/prescaling",
    )
    asked = run(world)
    deleted = [line.partition("delete ")[2] for line in asked if " delete " in line and "job/migrate" not in line]
    assert deleted == ["deployment.apps/former"]


@only_dev
def test_a_failed_migration_shows_its_log_and_no_pod_is_replaced(world: World) -> None:
    with pytest.raises(Failure, match=r"job migrate-pre-\w+ failed.* the pods that run go on"):
        run(world.changed(JOB="Failed"))
    assert re.search(r"logs job/migrate-pre-\w+ --tail 50$", world.asked[-2])
    assert re.search(r"describe job/migrate-pre-\w+$", world.asked[-1])
    assert [line for line in world.asked if "rollout" in line] == []


@only_dev
def test_a_migration_past_its_deadline_has_no_log_and_is_named_all_the_same(world: World) -> None:
    with pytest.raises(Failure, match=r"^job migrate-pre-\w+ failed, see above"):
        run(world.changed(JOB="FailureTarget Failed", NO_LOG="1"))
    assert re.search(r"describe job/migrate-pre-\w+$", world.asked[-1])


@only_dev
def test_a_migration_that_failed_last_time_is_tried_again(world: World) -> None:
    with pytest.raises(Failure, match="failed"):
        run(world.changed(JOB="FailureTarget Failed"))
    assert first(world.asked, r"delete job/migrate-pre-\w+ --wait$") < first(world.asked, "apply .*migrate-pre")


@only_dev
def test_a_migration_that_went_well_last_time_looks_at_the_schema_again(world: World) -> None:
    asked = run(world.changed(JOB="SuccessCriteriaMet Complete"))
    for phase in ("pre", "post"):
        assert first(asked, rf"delete job/migrate-{phase}-\w+ --wait$") < first(asked, f"apply .*migrate-{phase}")


@only_prod
@pytest.mark.parametrize(("live", "applied"), [("20", 20), ("2", 6), ("99", 24), ("", 6)])
def test_a_deployment_in_the_middle_of_a_sale_takes_no_pods_away(
    world: World, live: str, applied: int, tmp_path: Path
) -> None:
    run(world.changed(LEAST=live, KEEP_APPLIED=str(tmp_path)))
    (scaler,) = [each for each in applied_of_backend(tmp_path) if each["kind"] == "HorizontalPodAutoscaler"]
    assert scaler["spec"]["minReplicas"] == applied


@only_prod
def test_a_release_is_kept_as_it_was_made_and_not_as_the_cluster_was_just_then(world: World) -> None:
    run(world.changed(LEAST="20", SECRETS="4711 12"))
    (kept,) = (world.folder / "dist").glob("*.release.json")
    packed = json.loads(kept.read_text())["binaryData"]["manifests.json.gz"]
    manifests = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert manifests == {path.name: path.read_text() for path in (MANIFESTS / "prod").iterdir()}


def test_pods_are_replaced_when_a_secret_that_they_were_started_with_has_changed(world: World, tmp_path: Path) -> None:
    asked = run(world.changed(SECRETS="4711 12", KEEP_APPLIED=str(tmp_path)))
    (pods,) = [each["spec"]["template"] for each in applied_of_backend(tmp_path) if each["kind"] == "Deployment"]
    assert pods["metadata"]["annotations"] == {SECRETS_VERSION: "4711 12"}
    fetched = first(
        asked, r"annotate externalsecret/application externalsecret/payment-keys force-sync=\d+ --overwrite"
    )
    there = first(asked, "wait externalsecret/application externalsecret/payment-keys --for=condition=Ready")
    assert fetched < there < first(asked, "get secrets application payment-keys") < first(asked, "apply .*-backend")


@only_dev
def test_a_secret_of_an_hour_ago_is_not_taken_for_what_it_is_now(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "_FETCH_SECONDS", 0.0)
    with pytest.raises(Failure, match=r"^the cluster does not fetch application, payment-keys anew: see above"):
        run(world.changed(STALE="1"))
    assert re.search("describe externalsecret/application externalsecret/payment-keys$", world.asked[-1])
    assert [line for line in world.asked if "get secrets" in line or "-backend.k8s.yaml" in line] == []


def applied_of_backend(folder: Path) -> list[Any]:
    return list(yaml.safe_load_all((folder / "backend").read_text()))


def test_a_failure_names_what_was_done_and_to_what(tmp_path: Path) -> None:
    (tmp_path / "kubectl").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "kubectl").chmod(0o755)
    with pytest.raises(Failure, match=r"^`kubectl rollout status deployment/backend …` failed: "):
        Commands({"PATH": f"{tmp_path}:/bin"}).run(
            "kubectl", "--kubeconfig", "x", "--namespace", "y", "rollout", "status", "deployment/backend", "--timeout"
        )


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
        run(world.changed(KNOWN="frontend payments"))
    applied = [line for line in world.asked if " apply " in line]
    assert applied[-1].endswith("-edge.k8s.yaml")
    assert [line for line in applied if re.search(r"-(backend|worker|frontend|payments)\.", line)] == []


@only_dev
def test_a_probe_that_cannot_buy_is_tried_again_before_it_is_believed(world: World) -> None:
    with pytest.raises(Failure, match=r"^the probe cannot buy a ticket at https://\S+: see its log above$"):
        run(world.changed(PROBE_JOB="Failed"))
    assert len([line for line in world.asked if "create job probe-" in line]) == 5


@only_dev
def test_what_no_commit_has_is_not_deployed(world: World) -> None:
    with pytest.raises(Failure, match="commit them first"):
        run(world.changed(CHANGED=" M backend/app.py"))
    assert world.asked == ["git status --porcelain"]


@only_dev
def test_another_account_is_not_touched(world: World) -> None:
    with pytest.raises(
        Failure, match=r"^you are .*:999999999999:.*, and dev is in account 111122223333: log in there$"
    ):
        run(world.changed(CALLER="arn:aws:iam::999999999999:user/me"))


@only_prod
@pytest.mark.parametrize("answer", ["20", "30", "2"])
def test_prod_is_left_alone_when_the_gate_does_not_allow_it(world: World, answer: str) -> None:
    with pytest.raises(Failure, match=f"the gate answers {answer}, .*docs/error-budgets.md"):
        run(world.changed(GATE=answer))
    assert world.asked[-1] == "python -m slo gate --prometheus http://127.0.0.1:54321"
    assert [line for line in world.asked if re.match("cdk|docker", line)] == []


@only_prod
def test_a_warning_of_the_gate_lets_prod_pass(world: World) -> None:
    asked = run(world.changed(GATE="10"), CHANGE="fix", BOOTSTRAP="2026-12-24", PROMETHEUS_URL="http://prometheus:9090")
    assert "python -m slo gate --prometheus http://prometheus:9090 --change fix --bootstrap 2026-12-24" in asked
    assert first(asked, "^python -m tools.release.smoke") > 0


@only_prod
def test_the_gate_can_be_asked_alone(world: World) -> None:
    ask(world.site(), {"CHANGE": "fix"})
    assert world.asked[-1].endswith("slo gate --prometheus http://127.0.0.1:54321 --change fix")
    assert [line for line in world.asked if re.match("cdk|docker", line) or " apply " in line] == []
    with pytest.raises(Failure, match="the gate answers 20"):
        ask(world.changed(GATE="20").site(), {})


@only_prod
@pytest.mark.parametrize("missing", [{"NO_CLUSTER": "1"}, {"BACKEND": ""}])
def test_before_anything_sells_there_is_no_budget_to_ask_for(world: World, missing: dict[str, str]) -> None:
    asked = run(world.changed(**missing))
    assert [line for line in asked if "slo gate" in line] == []
    assert first(asked, "^python -m tools.release.smoke") > 0


@only_dev
def test_dev_needs_no_gate(world: World) -> None:
    assert [line for line in run(world) if "slo gate" in line or "port-forward" in line] == []


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "name the environment: ENV=dev or ENV=prod"),
        ({"ENV": "stage"}, "environment is stage, which is not supported: choose from dev, prod"),
        ({"ENV": "dev"}, "account, .* of dev still hold examples: fill them in, in cdk/settings"),
    ],
)
def test_a_wrong_environment_is_refused_in_one_line(variables: dict[str, str], says: str) -> None:
    with pytest.raises(Failure, match=f"^{says}$"):
        chosen(Commands({}), variables)


def test_prod_wants_to_be_named_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.release.site.refuse_examples", lambda _settings: None)
    with pytest.raises(Failure, match=r"^prod is protected: say CONFIRM=tickets-prod if you mean it$"):
        chosen(Commands({}), {"ENV": "prod"})
    assert chosen(Commands({}), {"ENV": "prod", "CONFIRM": "tickets-prod"}).name == "prod"


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"^git cannot be started .*: install it and try again$"):
        Commands({"PATH": str(tmp_path)}).run("git", "status")


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
    run(world)
    really = shown(capsys.readouterr().out)
    assert [_version(_kind(line)) for line in planned] == [_version(_kind(line)) for line in really]


def _version(command: str) -> str:
    """Without what a migration's name has of its image."""
    return re.sub(r"(migrate-\w+)-[0-9a-f]{10}", r"\1", command)
