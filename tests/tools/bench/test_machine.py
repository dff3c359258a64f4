"""Where figures come from."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.bench import machine

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Runs git in a repository of one commit, which has a module and a page."""
    monkeypatch.setattr(machine, "ROOT", tmp_path)

    def run(*arguments: str) -> str:
        who = ("-c", "user.name=tests", "-c", "user.email=tests@example.com", "-c", "commit.gpgsign=false")
        command = ["git", *who, *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "--quiet")
    (tmp_path / "docs").mkdir()
    for name in ("shop.py", "docs/page.md"):
        (tmp_path / name).write_text("as it was\n")
    run("add", ".")
    run("commit", "--quiet", "--message", "first")
    return run


def test_figures_are_of_the_commit_that_is_checked_out_whatever_a_page_says(git: Git, tmp_path: Path) -> None:
    (tmp_path / "docs" / "page.md").write_text("with new figures\n")
    (tmp_path / "new.txt").touch()
    assert machine.commit() == git("rev-parse", "--short", "HEAD")


@pytest.mark.usefixtures("git")
def test_what_was_changed_since_is_said(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text("faster\n")
    assert machine.commit().endswith("+")
    assert machine.taken(0, "1e59eb2+") == "1970-01-01 00:00 UTC, commit 1e59eb2 with unsaved changes"
    assert machine.taken(0, "1e59eb2") == "1970-01-01 00:00 UTC, commit 1e59eb2"


def test_without_a_repository_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    assert machine.commit() == "unknown"
