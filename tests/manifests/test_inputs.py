"""What the manifests are made for is read strictly: one line says what is wrong."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdk import names
from cdk.names import Output
from cdk.settings import ENVIRONMENTS, Environment, SettingsError, environment
from cdk.settings.environment import EXAMPLE_ACCOUNT
from tests.manifests.writing import finish, start
from ticketing import inputs as reading
from ticketing.inputs import EXAMPLE, InputError, read_inputs

DIGEST = "sha256:" + "ab" * 32
COMMIT = "0c2f9a1d"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "outputs.json"
    path.write_text(EXAMPLE.read_text())
    return path


def change(file: Path, make: Callable[[Any], object]) -> dict[str, str]:
    """The variable that names the file, after a change of what is in it."""
    outputs = json.loads(file.read_text())
    make(outputs)
    file.write_text(json.dumps(outputs))
    return {"CDK_OUTPUTS": str(file)}


def test_the_example_has_every_output_of_every_stack_and_nothing_else() -> None:
    expected: dict[str, set[str]] = {}
    for name in ENVIRONMENTS:
        for output, stack in names.STACK_OF.items():
            expected.setdefault(names.stack(name, stack), set()).add(str(output))
    assert {stack: set(outputs) for stack, outputs in json.loads(EXAMPLE.read_text()).items()} == expected


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_example_stands_in_and_says_so(name: str) -> None:
    inputs = read_inputs(name, {})
    assert inputs.example
    assert inputs.images["backend"].startswith(inputs[Output.BACKEND_REPOSITORY] + "@sha256:")


@pytest.mark.parametrize(("version", "separator"), [(DIGEST, "@"), (COMMIT, ":"), ("a" * 40, ":")])
def test_an_image_is_a_digest_or_a_commit(version: str, separator: str) -> None:
    inputs = read_inputs("dev", {"BACKEND_IMAGE": version})
    assert inputs.images["backend"] == f"{inputs[Output.BACKEND_REPOSITORY]}{separator}{version}"


@pytest.mark.parametrize("version", ["latest", "v1.2", "main", "sha256:abc", "abcdef", "A" * 40, f"x@{DIGEST}"])
def test_an_image_that_may_become_another_is_refused(version: str) -> None:
    with pytest.raises(InputError, match=rf"^FRONTEND_IMAGE is {version}: give a digest"):
        read_inputs("dev", {"FRONTEND_IMAGE": version})


def test_an_unknown_environment_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^environment is stage, which is not supported: choose from dev, prod$"):
        read_inputs("stage", {})


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json cannot be read \(No such file or directory\): deploy first"):
        read_inputs("dev", {"CDK_OUTPUTS": str(tmp_path / "none.json")})


def test_a_file_that_is_no_json_is_refused(file: Path) -> None:
    file.write_text("{")
    with pytest.raises(InputError, match=r"is no JSON as `cdk deploy --outputs-file` writes it$"):
        read_inputs("dev", {"CDK_OUTPUTS": str(file)})


@pytest.mark.parametrize("content", ["[]", "null", '{"tickets-dev-registry": []}'])
def test_a_file_of_another_shape_is_refused(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(InputError, match=r"lacks tickets-dev-registry\.BackendRepositoryUri: deploy that stack"):
        read_inputs("dev", {"CDK_OUTPUTS": str(file)})


def test_a_missing_output_is_named(file: Path) -> None:
    variables = change(file, lambda outputs: outputs["tickets-dev-edge"].pop("CertificateArn"))
    with pytest.raises(InputError, match=r"lacks tickets-dev-edge\.CertificateArn: deploy that stack again"):
        read_inputs("dev", variables)


@pytest.mark.parametrize(
    ("stack", "output", "value", "says"),
    [
        ("edge", "CertificateArn", "arn:aws:iam::111122223333:role/x", "does not look like one"),
        ("edge", "CertificateArn", 7, "does not look like one"),
        ("edge", "CertificateArn", "arn:aws:acm:eu-west-1:444455556666:certificate/x", "is of account 444455556666"),
        ("edge", "CertificateArn", "arn:aws:acm:us-east-1:111122223333:certificate/x", "is of region us-east-1"),
        ("network", "PublicSubnetCidrs", "10.20.0.0/24,10.99.0.0/24", r"10\.99\.0\.0/24 is not in network\.cidr"),
        ("network", "PublicSubnetCidrs", "10.20.0.1/24", "is no list of address blocks"),
        ("network", "PublicSubnetCidrs", "10.20.0.0/24,,", "is no list of address blocks"),
        ("database", "DatabaseHost", "db/x?sslmode=disable", "does not look like one"),
    ],
)
def test_an_output_that_cannot_be_is_refused(file: Path, stack: str, output: str, value: object, says: str) -> None:
    variables = change(file, lambda outputs: outputs[f"tickets-dev-{stack}"].update({output: value}))
    with pytest.raises(InputError, match=says):
        read_inputs("dev", variables)


def test_the_example_is_refused_when_it_is_given_as_what_was_deployed() -> None:
    with pytest.raises(InputError, match=r"outputs\.example\.json holds examples \(BackendRepositoryUri, "):
        read_inputs("dev", {"CDK_OUTPUTS": str(EXAMPLE), "BACKEND_IMAGE": DIGEST, "FRONTEND_IMAGE": DIGEST})


def test_a_wrong_input_is_one_line_and_nothing_is_written(tmp_path: Path) -> None:
    status, errors = finish(start(tmp_path / "out", "dev", BACKEND_IMAGE="latest"))
    assert (status, errors.count("\n")) == (1, 1)
    assert errors.startswith("error: BACKEND_IMAGE is latest: ")
    assert not (tmp_path / "out").exists()


def test_without_arguments_each_environment_has_a_folder_of_its_own(tmp_path: Path) -> None:
    status, errors = finish(start(tmp_path))
    assert status == 0
    assert "note: prod is made of example outputs and cannot be deployed" in errors
    assert {path.name for path in tmp_path.iterdir()} == set(ENVIRONMENTS)


def own_dev() -> Environment:
    """Settings in which nothing is an example."""
    dev = environment("dev")
    return replace(
        dev,
        account="444455556666",
        cluster=replace(dev.cluster, allowed_cidrs=("9.9.9.0/24",)),
        edge=replace(dev.edge, domain="dev.tickets.test", zone_name="tickets.test", zone_id="Z012345"),
        monitoring=replace(dev.monitoring, alarm_address="alarms@tickets.test"),
        delivery=replace(
            dev.delivery,
            repository="tickets/shop",
            runner_connection_arn="arn:aws:codeconnections:eu-west-1:444455556666:connection/0a1b2c3d",
        ),
    )


@pytest.fixture
def deployed(file: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """As after a deploy to an account of our own; the images are not named yet."""
    file.write_text(file.read_text().replace(EXAMPLE_ACCOUNT, "444455556666").replace("example", "a1b2"))
    monkeypatch.setattr(reading, "environment", lambda _name: own_dev())
    return {"CDK_OUTPUTS": str(file)}


def test_what_was_deployed_is_taken_when_all_of_it_is_real(deployed: dict[str, str]) -> None:
    inputs = read_inputs("dev", {**deployed, "BACKEND_IMAGE": DIGEST, "FRONTEND_IMAGE": COMMIT})
    assert not inputs.example
    assert inputs.images == {
        "backend": f"444455556666.dkr.ecr.eu-west-1.amazonaws.com/tickets-dev/backend@{DIGEST}",
        "frontend": f"444455556666.dkr.ecr.eu-west-1.amazonaws.com/tickets-dev/frontend:{COMMIT}",
    }


def test_what_was_deployed_needs_the_images_that_were_pushed(deployed: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"^BACKEND_IMAGE is not set: give the digest that was pushed"):
        read_inputs("dev", {**deployed, "FRONTEND_IMAGE": DIGEST})


def test_settings_that_hold_examples_are_refused_beside_what_was_deployed(
    deployed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = replace(own_dev(), delivery=environment("dev").delivery)
    monkeypatch.setattr(reading, "environment", lambda _name: kept)
    with pytest.raises(InputError, match=r"^delivery\.repository, delivery\.runner_connection_arn of dev still"):
        read_inputs("dev", deployed)
