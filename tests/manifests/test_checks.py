"""Our manifests have no findings, and each check finds what it is there for."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.manifests.mistakes import SCHEMAS, Mistake
from tests.manifests.mistakes_running import MEANING
from ticketing.checks import schemas
from ticketing.checks.every import findings, meaning
from ticketing.checks.objects import Objects
from ticketing.inputs import Inputs
from tools.setup import ROOT
from tools.setup import environment as with_our_programs
from tools.synth import STEPS


@pytest.fixture(autouse=True)
def our_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", with_our_programs()["PATH"])


def test_our_manifests_have_no_findings(manifests: Objects, inputs: Inputs) -> None:
    assert list(findings(manifests, inputs)) == []


@pytest.mark.parametrize("mistake", MEANING, ids=lambda mistake: mistake.name.replace(" ", "-"))
def test_a_mistake_is_found(mistake: Mistake, dev: Objects, dev_inputs: Inputs) -> None:
    mistake.make(dev)
    found = list(meaning(dev, dev_inputs))
    assert [each for each in found if mistake.says in each] != [], found


def test_mistakes_that_a_strict_cluster_refuses_are_found(dev: Objects) -> None:
    for mistake in SCHEMAS:
        mistake.make(dev)
    found = list(schemas.invalid(dev, "1.36"))
    assert [mistake.name for mistake in SCHEMAS if not any(mistake.says in each for each in found)] == [], found


def test_schemas_of_another_version_do_not_count(dev: Objects) -> None:
    assert list(schemas.invalid(dev, "1.99")) == ["there are no schemas of Kubernetes 1.99"]


def test_no_manifests_are_a_finding(dev_inputs: Inputs) -> None:
    assert list(findings(Objects([]), dev_inputs)) == ["there are no manifests"]


def test_manifests_of_another_environment_are_found(dev: Objects, dev_inputs: Inputs) -> None:
    other = replace(dev_inputs, env=replace(dev_inputs.env, name="prod"))
    assert any("is in namespace tickets-dev, not in tickets-prod" in each for each in meaning(dev, other))


def test_the_command_counts_what_it_checked(folders: Mapping[str, Path], environment_name: str) -> None:
    checked = check(environment_name, folders[environment_name])
    assert (checked.returncode, checked.stderr) == (0, "")
    assert re.fullmatch(r"\d\d objects, 0 findings\n", checked.stdout)


def test_the_command_ends_with_a_line_for_each_finding(folders: Mapping[str, Path], tmp_path: Path) -> None:
    for path in folders["dev"].glob("*"):
        (tmp_path / path.name).write_text(path.read_text().replace("readOnlyRootFilesystem: true", ""))
    checked = check("dev", tmp_path)
    assert checked.returncode == 1
    assert "error: Deployment backend: backend may do more than it needs\n" in checked.stderr


def test_a_key_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0000-x.k8s.yaml").write_text("kind: Service\nkind: Secret\n")
    with pytest.raises(yaml.YAMLError, match="a key is there twice"):
        Objects.read(tmp_path)


def check(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`make synth`'s own step."""
    (step,) = [step for step in STEPS if step.name == "manifest-checks"]
    command = [*step.command(name)[:-1], folder]
    return subprocess.run(command, cwd=ROOT, env=with_our_programs(), capture_output=True, text=True, check=False)
