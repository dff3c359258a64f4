"""Both environments in one emulated account, deployed once for all tests."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import pytest

from cdk.settings import ENVIRONMENTS, environment
from tests.cdk.assembly import Assembly
from tests.cdk.emulated.deployment import Deployment
from tests.cdk.emulated.inventory import inventory
from tests.cdk.emulated.running import Aws, Run, emulated_aws, require_cdk

STEPS = pytest.StashKey[list[tuple[str, float]]]()


@pytest.fixture(scope="session", autouse=True)
def nobody() -> Iterator[None]:
    """Nothing of this person's own plays a part: no profile, no proxy, no account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [each for each in os.environ if each.startswith(("AWS_", "CDK_"))]:
            patch.delenv(name)
        patch.setenv("NO_PROXY", "localhost,127.0.0.1")
        patch.setenv("no_proxy", "localhost,127.0.0.1")
        yield


@pytest.fixture(scope="session")
def aws(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    require_cdk()
    with emulated_aws(environment("prod"), tmp_path_factory.mktemp("aws")) as account:
        pytestconfig.stash[STEPS] = account.steps
        yield account


@pytest.fixture(scope="session")
def without_dev(aws: Aws, assemblies: Mapping[str, Assembly]) -> set[str]:
    """All that there is once the CDK's bootstrap and prod have been deployed."""
    _succeeds(aws.cdk("bootstrap", "bootstrap", f"aws://{aws.place.account}/{aws.place.region}"))
    _succeeds(aws.deploy("deploy prod", assemblies["prod"].folder))
    return inventory(aws.place)


@pytest.fixture(scope="session")
def deployed(
    aws: Aws,
    assemblies: Mapping[str, Assembly],
    without_dev: set[str],  # noqa: ARG001 - prod comes first
) -> Mapping[str, Deployment]:
    _succeeds(aws.deploy("deploy dev", assemblies["dev"].folder))
    return {name: Deployment(aws, assembly) for name, assembly in assemblies.items()}


@pytest.fixture(params=ENVIRONMENTS)
def there(request: pytest.FixtureRequest, deployed: Mapping[str, Deployment]) -> Deployment:
    """Each environment in turn."""
    return deployed[request.param]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    steps = config.stash.get(STEPS, [])
    if steps:
        terminalreporter.section("emulated deploy")
    for name, seconds in steps:
        terminalreporter.write_line(f"{seconds:7.1f} s  {name}")


def _succeeds(run: Run) -> None:
    assert run.status == 0, run.output
