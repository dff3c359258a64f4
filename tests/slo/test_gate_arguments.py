"""The gate's arguments: what cannot be meant is refused in a line, but never stops a rollback."""

from pathlib import Path

import pytest

from slo.spec import Spec
from tests.prometheus import FakePrometheus
from tests.shop import free_ports
from tests.slo.gated import Gate, ask, recorded

ALLOW, WRONG_INPUT, UNKNOWN = 0, 2, 30


async def test_one_that_is_not_there_is_unknown_and_lets_a_rollback_go(gate: Gate) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    assert (await gate.ask(url)).code == UNKNOWN
    assert (await gate.ask(url, "--change", "rollback")).code == ALLOW


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--prometheus", "prometheus:9090"], "--prometheus: expected an address"),
        (["--prometheus", "http://["], "--prometheus: expected an address"),
        (["--bootstrap", "tomorrow"], "--bootstrap tomorrow: expected a date"),
        (["--overrides", "/nowhere.yaml"], "/nowhere.yaml: No such file or directory"),
        (["--k6", "/nowhere.json"], "/nowhere.json: No such file or directory"),
    ],
)
async def test_a_rollback_goes_whatever_is_wrong_with_the_other_arguments(
    gate: Gate, arguments: list[str], expected: str
) -> None:
    answer = await gate.ask("http://127.0.0.1:9", "--change", "rollback", *arguments)
    assert (answer.code, answer.report["verdict"], answer.error) == (ALLOW, "allow", "")
    assert any(expected in note for note in answer.report["notes"])


async def test_a_rollback_goes_though_slo_yaml_is_broken(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slo.yaml").write_text("window: [\n")
    monkeypatch.setenv("SLO_FILE", str(tmp_path / "slo.yaml"))
    answer = await gate.ask("http://127.0.0.1:9", "--change", "rollback")
    assert answer.code == ALLOW
    assert "slo.yaml" in answer.out


async def test_a_rollback_goes_though_its_report_cannot_be_written(gate: Gate) -> None:
    answer = await gate.ask("http://127.0.0.1:9", "--change", "rollback", "--markdown", "/nowhere/gate.md")
    assert answer.code == ALLOW
    assert "/nowhere/gate.md: No such file or directory" in answer.error


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--prometheus", ""], "--prometheus is missing"),
        (["--prometheus", "prometheus:9090"], "--prometheus: expected an address"),
        (["--prometheus", "http://host:port"], "--prometheus: expected an address"),
        (["--prometheus", "http://host?q=1"], "--prometheus: expected an address"),
        (["--change", "hope"], "--change hope: expected one of feature, fix, security, rollback"),
        (["--bootstrap", "tomorrow"], "--bootstrap tomorrow: expected a date such as 2027-03-31"),
        (["--bootstrap", "2027-03-31T18:00"], "expected a time with its zone"),
        (["--bootstrap", "2999-01-01"], "expected no more than 28 days ahead"),
        (["--overrides", "/nowhere.yaml"], "/nowhere.yaml: No such file or directory"),
        (["--k6", "/nowhere.json"], "/nowhere.json: No such file or directory"),
    ],
)
async def test_an_argument_that_cannot_be_meant_is_refused_in_a_line(
    gate: Gate, arguments: list[str], expected: str
) -> None:
    answer = await gate.ask("http://127.0.0.1:9", *arguments)
    assert (answer.code, answer.out, answer.report) == (WRONG_INPUT, "", None)
    assert expected in answer.error
    assert answer.error.startswith("gate: ")
    assert answer.error.count("\n") == 1


async def test_a_report_that_cannot_be_written_is_named(gate: Gate, spec: Spec) -> None:
    answer = await ask(gate, FakePrometheus(recorded(spec)), "--markdown", "/nowhere/gate.md")
    assert (answer.code, answer.error) == (WRONG_INPUT, "gate: /nowhere/gate.md: No such file or directory\n")
