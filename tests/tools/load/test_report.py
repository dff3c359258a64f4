"""Which scenarios the report runs, and how they are set."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tools.load import kept, report
from tools.load.judging import Verdict
from tools.load.scenarios import Scenario
from tools.setup import ROOT

MARKS = "<!-- load: begin -->\n<!-- load: end -->\n"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Mapping[str, str]]]:
    """What each scenario was asked for that the report ran, none of which was carried out."""
    runs: dict[str, Mapping[str, str]] = {}
    folder = ROOT / "build" / tmp_path.name
    folder.mkdir(parents=True)

    def load(scenario: Scenario, variables: Mapping[str, str]) -> Verdict:
        runs[scenario.name] = variables
        return Verdict(())

    (folder / "page.md").write_text(MARKS)
    monkeypatch.setattr(report, "DOCUMENT", folder / "page.md")
    monkeypatch.setattr(report, "PLOTS", folder / "plots")
    monkeypatch.setattr(kept, "KEPT", folder)
    monkeypatch.setattr(report, "load", load)
    monkeypatch.delenv("SCENARIO", raising=False)
    yield runs
    shutil.rmtree(folder)


def test_the_report_has_all_that_are_not_for_deployments_in_lengths_of_its_own(
    asked: Mapping[str, Mapping[str, str]],
) -> None:
    assert report.main([]) == 0
    assert list(asked) == ["happy", "sale", "seats", "queue", "stress", "soak"]
    assert (asked["happy"]["DURATION"], asked["soak"]["DURATION"]) == ("40", "100")


def test_whoever_says_otherwise_gets_it(
    asked: Mapping[str, Mapping[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCENARIO", "stress")
    monkeypatch.setenv("STEPS", "3")
    monkeypatch.setenv("START", "")
    report.main([])
    assert list(asked) == ["stress"]
    assert (asked["stress"]["START"], asked["stress"]["STEPS"]) == ("76", "3")
