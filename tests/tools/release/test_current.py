"""What a deployment takes over from the cluster as it is just then."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cdk.names import SECRETS_VERSION
from tests.tools.release.stand_ins import ROOT, World, deployed, first
from tools.console import Failure
from tools.release import current

MANIFESTS = ROOT / "tests" / "manifests" / "snapshots"

only_dev = pytest.mark.parametrize("env", ["dev"], indirect=True)
only_prod = pytest.mark.parametrize("env", ["prod"], indirect=True)


@only_prod
@pytest.mark.parametrize(("live", "applied"), [("20", 20), ("2", 6), ("99", 24), ("", 6)])
def test_a_deployment_in_the_middle_of_a_sale_takes_no_pods_away(
    world: World, live: str, applied: int, tmp_path: Path
) -> None:
    deployed(world.changed(LEAST=live, KEEP_APPLIED=str(tmp_path)))
    (scaler,) = [each for each in applied_of_backend(tmp_path) if each["kind"] == "HorizontalPodAutoscaler"]
    assert scaler["spec"]["minReplicas"] == applied


@only_prod
def test_a_release_is_kept_as_it_was_made_and_not_as_the_cluster_was_just_then(world: World) -> None:
    deployed(world.changed(LEAST="20", SECRETS="4711 12"))
    (kept,) = (world.folder / "dist").glob("*.release.json")
    packed = json.loads(kept.read_text())["binaryData"]["manifests.json.gz"]
    manifests = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert manifests == {path.name: path.read_text() for path in (MANIFESTS / "prod").iterdir()}


def test_pods_are_replaced_when_a_secret_that_they_were_started_with_has_changed(world: World, tmp_path: Path) -> None:
    asked = deployed(world.changed(SECRETS="4711 12", KEEP_APPLIED=str(tmp_path)))
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
        deployed(world.changed(STALE="1"))
    assert re.search("describe externalsecret/application externalsecret/payment-keys$", world.asked[-2])
    assert [line for line in world.asked if "get secrets" in line or "-backend.k8s.yaml" in line] == []


def applied_of_backend(folder: Path) -> list[Any]:
    return list(yaml.safe_load_all((folder / "backend").read_text()))
