"""`make synth`: every step of every environment, and one line when one fails."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tools import console, synth
from tools.synth import Step


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # where it goes by itself: back afterwards
    monkeypatch.setattr(synth, "ROOT", tmp_path)
    monkeypatch.setattr(synth, "OUT", tmp_path / "cdk.out")
    monkeypatch.setattr(synth, "MANIFESTS", tmp_path / "dist")
    return tmp_path


def steps(monkeypatch: pytest.MonkeyPatch, *commands: Sequence[str], possible: bool = True) -> None:
    made = [
        Step(f"step-{number}", lambda env, command=command: [*command, env], f"step {number} done", lambda: possible)  # type: ignore[misc]
        for number, command in enumerate(commands, 1)
    ]
    monkeypatch.setattr(synth, "STEPS", made)


def test_every_step_runs_for_both_environments(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ENV", raising=False)
    steps(monkeypatch, ["echo", "first"], ["echo", "second"])
    assert synth.main([]) == 0
    out = capsys.readouterr().out
    assert all(f"{env}: step {number} done (" in out for env in ("dev", "prod") for number in (1, 2))
    assert (elsewhere / "build" / "step-2-prod.log").read_text() == "second prod\n"
    assert "note: dev is made of example values and cannot be deployed: account, " in out
    assert "WARNING: in prod nobody is told when alerts stop coming: set monitoring.heartbeat, " in out


def test_one_environment_can_be_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ENV", "prod")
    steps(monkeypatch, ["echo"])
    assert synth.main([]) == 0
    assert "dev:" not in capsys.readouterr().out


def test_an_unknown_environment_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "stage")
    with pytest.raises(console.Failure, match=r"^environment is stage, which is not supported"):
        synth.main([])


def test_a_step_that_fails_stops_its_environment_and_shows_its_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENV", "dev")
    steps(monkeypatch, ["sh", "-c", "echo what went wrong; exit 3"], ["echo", "never"])
    with pytest.raises(console.Failure, match=r"^dev: step-1 failed: see its output above, or build/step-1-dev\.log$"):
        synth.main([])
    out = capsys.readouterr().out
    assert "what went wrong" in out
    assert "step 2 done" not in out


def test_a_wrong_setting_is_the_one_line_that_app_py_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV", "dev")
    steps(monkeypatch, ["sh", "-c", "echo 'error: network.cidr is 8.8.0.0/16: choose another' >&2; exit 1"])
    with pytest.raises(console.Failure, match=r"^network\.cidr is 8\.8\.0\.0/16: choose another$"):
        synth.main([])


def test_a_checker_that_cannot_be_had_is_said_loudly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENV", "dev")
    steps(monkeypatch, ["echo"], possible=False)
    assert synth.main([]) == 0
    assert "WARNING: checkov is not installed" in capsys.readouterr().out
