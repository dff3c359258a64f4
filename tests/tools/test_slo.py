"""`make slo` believes the rules that it wrote only once promtool has tested them."""

from pathlib import Path

import pytest

from slo.rules.document import OUTPUT
from slo.ruletests import document as ruletests
from slo.spec import load_spec
from tests.slo.promtool import without_recording, written
from tools.console import Failure
from tools.programs import prometheus
from tools.slo import try_rules


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The rules that need least time, with the one file of their tests that does, in a folder of their own."""
    for test in written(load_spec(), tmp_path):
        if test.stem != "edge-1":
            test.unlink()
    assert list((tmp_path / ruletests.FOLDER).iterdir())
    path = tmp_path / OUTPUT
    path.write_text(without_recording(path.read_text(encoding="utf-8")), encoding="utf-8")
    return path


@pytest.mark.usefixtures("rules")
def test_rules_that_pass_their_tests_are_said_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try_rules(tmp_path)
    assert "the rules passed their tests" in capsys.readouterr().out


def test_rules_that_fail_their_tests_are_told_with_promtool_s_own_words(rules: Path, tmp_path: Path) -> None:
    right = rules.read_text(encoding="utf-8")
    rules.write_text(right.replace("ProbeFailing", "ProbeFailed"), encoding="utf-8")
    with pytest.raises(Failure, match=r"(?s)promtool refuses it:.*FAILED.*ProbeFailing"):
        try_rules(tmp_path)


def test_where_nobody_can_test_them_it_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "find", lambda _program: None)
    with pytest.raises(Failure, match="all is written, but the rules are not tested: Prometheus is missing"):
        try_rules(tmp_path)
