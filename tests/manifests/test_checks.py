"""Our manifests have no findings, and each check finds what it is there for."""

from dataclasses import replace

import pytest

from tests.manifests.mistakes import REFERENCES, ROLLOUT, SAFETY, SCHEMAS, SERVICE, Mistake
from ticketing.checks import schemas
from ticketing.checks.every import findings, meaning
from ticketing.checks.objects import Objects
from ticketing.inputs import Inputs
from tools.setup import environment as with_our_programs


@pytest.fixture(autouse=True)
def our_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", with_our_programs()["PATH"])


def test_our_manifests_have_no_findings(manifests: Objects, inputs: Inputs) -> None:
    assert list(findings(manifests, inputs)) == []


@pytest.mark.parametrize(
    "mistake", [*REFERENCES, *SAFETY, *ROLLOUT, *SERVICE], ids=lambda mistake: mistake.name.replace(" ", "-")
)
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
