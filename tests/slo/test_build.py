import subprocess
import sys
from pathlib import Path

import pytest

from slo import build
from slo.__main__ import main
from slo.spec import load_spec
from tests.slo.edited import edited

SPEC = load_spec()
FILES = build.files(SPEC)


def test_what_is_committed_follows_from_the_promise() -> None:
    assert build.differing(FILES) == []


def test_building_again_changes_nothing(tmp_path: Path) -> None:
    assert build.build(SPEC, tmp_path) == sorted(FILES)
    assert build.build(SPEC, tmp_path) == []


def test_a_file_that_was_changed_or_that_nothing_makes_is_found_and_put_right(tmp_path: Path) -> None:
    build.build(SPEC, tmp_path)
    changed, left_over = tmp_path / "slo/out/rules.yaml", tmp_path / "slo/out/tests/old.yaml"
    changed.write_text("groups: []\n")
    left_over.write_text("tests: []\n")
    wrong = [Path("slo/out/rules.yaml"), Path("slo/out/tests/old.yaml")]
    assert build.differing(FILES, tmp_path) == wrong
    assert build.build(SPEC, tmp_path) == wrong
    assert not left_over.exists()
    assert build.differing(FILES, tmp_path) == []


def test_a_target_that_moves_moves_everything_that_follows_from_it(tmp_path: Path) -> None:
    before, after = FILES, build.files(load_spec(edited(tmp_path, ("target: 0.999}", "target: 0.998}"))))
    moved = {str(path) for path in before if before[path] != after[path]}
    assert {
        "slo/out/rules.yaml",
        "slo/out/tests/burning-1.yaml",
        "slo/out/dashboards/overview.json",
        "slo/out/openslo.yaml",
        "loadtests/thresholds.js",
        "docs/slos.md",
    } <= moved


def test_every_made_file_says_what_makes_it() -> None:
    """But JSON, which has no comments, and the policy, of which only a table is made."""
    silent = {str(path) for path, text in FILES.items() if "python -m slo build" not in text}
    assert {path for path in silent if not path.endswith(".json")} == {"docs/error-budgets.md"}


def test_check_names_the_files_and_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = edited(tmp_path, ("minimum_bad_events: 10", "minimum_bad_events: 12"))
    monkeypatch.setenv("SLO_FILE", str(changed))
    assert main(["check"]) == 1
    assert "slo/out/rules.yaml does not follow from slo.yaml: run `make slo`" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["build", "check", "explain"])
def test_a_promise_that_cannot_be_kept_stops_every_command(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = edited(tmp_path, ("retention: 35d", "retention: 3d"))
    monkeypatch.setenv("SLO_FILE", str(path))
    assert main([command]) == 1
    answer = capsys.readouterr()
    assert answer.err.startswith(f"{path}:")
    assert answer.out == ""


def test_it_runs_as_a_module() -> None:
    explained = subprocess.run([sys.executable, "-m", "slo", "explain"], capture_output=True, text=True, check=True)
    assert "SLOAvailabilityFastBurn" in explained.stdout
