"""What may be deployed: a commit that the workflows found good."""

import json
from pathlib import Path
from typing import Any

import pytest

from tools.commands import Commands
from tools.console import Failure
from tools.release import green

COMMIT = "0123456789abcdef0123456789abcdef01234567"
GOOD = {"id": 2, "status": "completed", "conclusion": "success", "display_title": f"deploy-dev {COMMIT}"}
BAD = {**GOOD, "conclusion": "failure"}
UNFINISHED = {**GOOD, "status": "in_progress", "conclusion": None}


class GitHub:
    """A stand-in of gh: answers of each workflow, one after the other, the last one for ever."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script = f"""#!/bin/sh
printf '%s\\n' "$*" >>{folder}/asked
case "$*" in *ci.yml*) of=ci ;; *) of=dev ;; esac
cat "$(ls {folder}/$of.* | head -1)"
[ "$(ls {folder}/$of.* | wc -l)" -eq 1 ] || rm "$(ls {folder}/$of.* | head -1)"
"""
        (folder / "gh").write_text(script)
        (folder / "gh").chmod(0o755)
        self.says("ci")
        self.says("dev")

    def says(self, workflow: str, *answers: list[dict[str, Any]]) -> None:
        for former in self.folder.glob(f"{workflow}.*"):
            former.unlink()
        for number, runs in enumerate(answers or ([],)):
            (self.folder / f"{workflow}.{number}").write_text(json.dumps({"workflow_runs": runs}))

    def check(self, env: str) -> None:
        green.check(Commands({"PATH": f"{self.folder}:/usr/bin:/bin"}), COMMIT, env)


class Clock:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(green, "time", made)
    monkeypatch.setattr(green, "WAIT", 3 * green.PAUSE)
    return made


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    return GitHub(tmp_path)


def test_a_commit_whose_tests_passed_may_go_to_dev(github: GitHub) -> None:
    github.says("ci", [GOOD])
    github.check("dev")
    assert f"head_sha={COMMIT}&event=push&branch=main" in (github.folder / "asked").read_text()


def test_one_whose_tests_failed_may_not(github: GitHub) -> None:
    github.says("ci", [BAD])
    with pytest.raises(Failure, match=r"^ci of 0123456789ab: failure"):
        github.check("dev")


def test_the_last_run_counts(github: GitHub) -> None:
    github.says("ci", [BAD, {**GOOD, "id": 1}])
    with pytest.raises(Failure, match="failure"):
        github.check("dev")


def test_tests_that_still_run_are_waited_for_and_not_for_ever(github: GitHub) -> None:
    github.says("ci", [], [UNFINISHED], [GOOD])
    github.check("dev")
    github.says("ci", [UNFINISHED])
    with pytest.raises(Failure, match="not done in time"):
        github.check("dev")


def test_workflows_share_the_time_that_there_is(github: GitHub, clock: Clock) -> None:
    begun = clock.now
    github.says("ci", [], [UNFINISHED], [GOOD])
    github.says("dev", [UNFINISHED])
    with pytest.raises(Failure, match=r"^deploy-dev of 0123456789ab: not done in time"):
        github.check("prod")
    assert clock.now - begun == green.WAIT


def test_a_commit_that_nobody_tested_may_not(github: GitHub) -> None:
    with pytest.raises(Failure, match="never started"):
        github.check("dev")


def test_prod_gets_what_was_brought_to_dev(github: GitHub) -> None:
    github.says("ci", [GOOD])
    github.says("dev", [GOOD])
    github.check("prod")


def test_a_later_run_that_had_nothing_to_bring_does_not_count(github: GitHub) -> None:
    """The weekly scan of main ends in one."""
    github.says("ci", [GOOD])
    github.says("dev", [GOOD, {**GOOD, "id": 3, "conclusion": "skipped"}])
    github.check("prod")


@pytest.mark.parametrize("run", [BAD, {**GOOD, "conclusion": "skipped"}, {**GOOD, "display_title": "deploy-dev f00"}])
def test_prod_does_not_get_what_dev_refused_or_never_had(github: GitHub, run: dict[str, Any]) -> None:
    github.says("ci", [GOOD])
    github.says("dev", [run])
    with pytest.raises(Failure, match=r"^deploy-dev of"):
        github.check("prod")


@pytest.mark.parametrize("commit", ["", "main", "../../x", COMMIT.upper()])
def test_what_is_no_commit_is_refused(commit: str) -> None:
    with pytest.raises(Failure, match=r"^COMMIT is"):
        green.check(Commands({}), commit, "dev")
