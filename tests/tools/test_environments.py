"""A name that there is not, or none at all, costs no installation."""

import pytest

from tools import setup
from tools.console import Failure

NONE = r"^name the environment: ENV=dev or ENV=prod$"
STAGING = r"^environment is staging, which is not supported: choose from dev, prod$"


class Installed(Exception):  # noqa: N818 - it is no mistake
    """The set-up has begun."""


@pytest.fixture(autouse=True)
def install(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin() -> None:
        raise Installed

    monkeypatch.setattr(setup, "_steps", lambda: {"aws": [begin], "python": [begin]})
    monkeypatch.setattr("tools.setup.signal.signal", lambda *_: None)
    monkeypatch.chdir(setup.ROOT)
    for name in ("ENV", "CONFIRM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("tool", ["deploy", "destroy", "grafana", "promote", "rollback"])
def test_whoever_names_no_environment_waits_for_nothing(tool: str) -> None:
    with pytest.raises(Failure, match=NONE):
        setup.main(["aws", f"release.{tool}", "--dry-run"])


@pytest.mark.parametrize("tool", ["release.deploy", "release.changes", "release.green", "synth"])
def test_whoever_names_one_that_there_is_not_waits_for_nothing(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "staging")
    with pytest.raises(Failure, match=STAGING):
        setup.main(["aws", tool])


def test_settings_that_hold_examples_are_told_before_anything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "dev")
    with pytest.raises(Failure, match=r"of dev still hold examples"):
        setup.main(["aws", "release.deploy"])


@pytest.mark.parametrize(
    ("env", "command"),
    [
        ("dev", ["release.deploy", "--dry-run"]),
        ("prod", ["release.grafana"]),
        ("", ["synth"]),
        ("/home/you/.shrc", ["local.up"]),  # some shells read ENV themselves
        ("/home/you/.shrc", ["release.images"]),
    ],
)
def test_what_can_go_on_does(env: str, command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if env:
        monkeypatch.setenv("ENV", env)
    with pytest.raises(Installed):
        setup.main(["aws", *command])
