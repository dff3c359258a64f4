"""Which environment, whose account, and programs that are not there."""

from pathlib import Path

import pytest

from tests.tools.release.stand_ins import World, deployed
from tools.commands import Commands
from tools.console import Failure
from tools.release.site import chosen

only_dev = pytest.mark.parametrize("env", ["dev"], indirect=True)


@only_dev
def test_another_account_is_not_touched(world: World) -> None:
    with pytest.raises(
        Failure, match=r"^you are .*:999999999999:.*, and dev is in account 111122223333: log in there$"
    ):
        deployed(world.changed(CALLER="arn:aws:iam::999999999999:user/me"))


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
    monkeypatch.setattr("tools.environments.refuse_examples", lambda _settings: None)
    with pytest.raises(Failure, match=r"^prod is protected: say CONFIRM=tickets-prod if you mean it$"):
        chosen(Commands({}), {"ENV": "prod"})
    assert chosen(Commands({}), {"ENV": "prod", "CONFIRM": "tickets-prod"}).name == "prod"


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"^git cannot be started .*: install it and try again$"):
        Commands({"PATH": str(tmp_path)}).run("git", "status")


def test_a_failure_names_what_was_done_and_to_what(tmp_path: Path) -> None:
    (tmp_path / "kubectl").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "kubectl").chmod(0o755)
    with pytest.raises(Failure, match=r"^`kubectl rollout status deployment/backend …` failed: "):
        Commands({"PATH": f"{tmp_path}:/bin"}).run(
            "kubectl", "--kubeconfig", "x", "--namespace", "y", "rollout", "status", "deployment/backend", "--timeout"
        )
