"""Manifests of both environments, written once for all tests, as `cdk8s synth` has them written."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cdk.settings import ENVIRONMENTS
from tests.manifests.writing import finish, start
from ticketing.checks.objects import Objects
from ticketing.inputs import Inputs, read_inputs


@pytest.fixture(scope="session")
def folders() -> Iterator[Mapping[str, Path]]:
    with TemporaryDirectory(prefix="tickets-manifests-") as folder:
        running = {name: start(Path(folder) / name, name) for name in ENVIRONMENTS}
        answers = {name: finish(process) for name, process in running.items()}
        assert {name: answer[0] for name, answer in answers.items()} == dict.fromkeys(ENVIRONMENTS, 0), answers
        yield {name: Path(folder) / name for name in ENVIRONMENTS}


@pytest.fixture(scope="session")
def written(folders: Mapping[str, Path]) -> Mapping[str, Objects]:
    return {name: Objects.read(folder) for name, folder in folders.items()}


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def environment_name(request: pytest.FixtureRequest) -> str:
    """Each environment in turn."""
    return str(request.param)


@pytest.fixture
def manifests(written: Mapping[str, Objects], environment_name: str) -> Objects:
    """A test may change them."""
    return Objects(deepcopy(written[environment_name].bodies))


@pytest.fixture(scope="session")
def inputs(environment_name: str) -> Inputs:
    return read_inputs(environment_name, {})


@pytest.fixture
def dev(written: Mapping[str, Objects]) -> Objects:
    return Objects(deepcopy(written["dev"].bodies))


@pytest.fixture(scope="session")
def dev_inputs() -> Inputs:
    return read_inputs("dev", {})
