"""Both environments, synthesized once for all tests and at the same time."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cdk.settings import ENVIRONMENTS
from tests.cdk.assembly import Assembly, finish, start, synthesized


@pytest.fixture(scope="session")
def assemblies() -> Iterator[Mapping[str, Assembly]]:
    with TemporaryDirectory(prefix="tickets-cdk-") as folder:
        running = {name: start(Path(folder) / name, env=name) for name in ENVIRONMENTS}
        yield synthesized(running, Path(folder))


@pytest.fixture(scope="session", params=ENVIRONMENTS)
def assembly(request: pytest.FixtureRequest, assemblies: Mapping[str, Assembly]) -> Assembly:
    """Each environment in turn."""
    return assemblies[request.param]


@pytest.fixture(scope="session")
def dev(assemblies: Mapping[str, Assembly]) -> Assembly:
    return assemblies["dev"]


@pytest.fixture(scope="session")
def prod(assemblies: Mapping[str, Assembly]) -> Assembly:
    return assemblies["prod"]


@pytest.fixture(scope="session")
def findings() -> Mapping[str, Mapping[str, list[list[str]]]]:
    """What cdk-nag finds and what we accept of it, per environment."""
    with TemporaryDirectory(prefix="tickets-nag-") as folder:
        running = {name: start(Path(folder) / name, "-m", "tests.cdk.findings", env=name) for name in ENVIRONMENTS}
        answers = {name: finish(process) for name, process in running.items()}
    assert {name: answer[0] for name, answer in answers.items()} == dict.fromkeys(ENVIRONMENTS, 0), answers
    return {name: json.loads(answer[1]) for name, answer in answers.items()}
