"""What takes care of dependencies: known holes, licences, upgrades; and what a change does to AWS."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools.release.stand_ins import World, stand_ins
from tools.care import audit, licences, upgrade
from tools.commands import Commands
from tools.console import Failure
from tools.load import hosts
from tools.release import changes
from tools.setup import ROOT, environment


@pytest.fixture
def world(tmp_path: Path) -> World:
    return stand_ins(tmp_path, "dev", tmp_path)


class TestLicences:
    @pytest.mark.parametrize(
        "licence",
        [
            "MIT",
            "mit license",
            "(MIT OR CC0-1.0)",
            "GPL-3.0 OR MIT",
            "BSD-3-Clause AND Apache-2.0",
            "Apache-2.0 WITH LLVM-exception",
        ],
    )
    def test_of_a_choice_one_is_enough_and_of_a_sum_each_counts(self, licence: str) -> None:
        assert licences.permitted(licence)

    @pytest.mark.parametrize("licence", ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "UNLICENSED", "Mine alone"])
    def test_what_is_not_on_the_list_is_refused(self, licence: str) -> None:
        assert not licences.permitted(licence)

    def test_every_package_that_is_here_is_allowed(self) -> None:
        assert [package for package in {*licences.installed(), *licences.locked()} if not package.allowed] == []

    def test_programs_that_are_only_started_are_no_part_of_the_service(self) -> None:
        service = (ROOT / "backend" / "requirements.txt").read_text()
        assert [name for name in licences.STARTED if name in service] == []

    def test_a_package_that_nobody_allowed_is_named(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(licences, "REPORT", ROOT / "build" / f"{tmp_path.name}.md")
        monkeypatch.setattr(
            licences, "installed", lambda: iter([licences.Package("python", "odd", "1", "GPL-3.0-only")])
        )
        with pytest.raises(Failure, match=r"^1 of \d+ licences are not allowed by"):
            licences.main([])
        assert "python odd 1: GPL-3.0-only" in capsys.readouterr().out
        licences.REPORT.unlink()


class TestAudit:
    def test_every_lock_is_asked_about_and_every_hole_named(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "_PYTHON", ("python", "-m", "pip_audit"))
        (world.folder / "bin" / "npm").write_text('#!/bin/sh\ncase "$PWD" in *cdk-cli) exit 1 ;; esac\n')
        (world.folder / "bin" / "npm").chmod(0o755)
        with pytest.raises(Failure, match=r"^tools/cdk-cli/package-lock.json: see above; `make upgrade`"):
            audit.audit(world.site().commands)
        assert world.asked == [f"python -m pip_audit --requirement {lock}" for lock in audit.PYTHON_LOCKS]

    def test_every_list_of_python_packages_is_asked_about(self) -> None:
        assert {"requirements.lock", *(path.relative_to(ROOT).as_posix() for path in ROOT.glob("tools/*.txt"))} == set(
            audit.PYTHON_LOCKS
        )

    def test_no_npm_lock_is_left_out(self) -> None:
        found = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("*/package-lock.json")}
        found |= {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("tools/*/package-lock.json")}
        assert set(audit.NPM_FOLDERS) == found


class TestUpgrade:
    """With an index of a few packages."""

    UV = """#!/bin/sh
while [ "$1" != --output-file ]; do shift; done
cat requirements.txt backend/requirements.txt | grep -o '^[A-Za-z].*' |
  sed 's/>=\\([^,]*\\),.*/==\\1/
    s/^aiohttp==.*/aiohttp==3.99.1/
    s/^ruff==.*/ruff==0.99.0 ; python_version > "3"/' >"$2"
"""
    NPM = """#!/bin/sh
case "$*" in
  *" react@"*) echo '["19.9.0", "19.10.0", "19.10.0-beta.1"]' ;;
  *view*) echo "\\"$(printf '%s' "$*" | sed 's/.*@^\\([^ ]*\\) .*/\\1/')\\"" ;;
esac
"""

    @pytest.fixture
    def copy(self, world: World, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Of all that names packages."""
        monkeypatch.setattr(upgrade, "_COMPILE", ("uv",))
        for name, script in (("uv", self.UV), ("npm", self.NPM)):
            (world.folder / "bin" / name).write_text(script)
            (world.folder / "bin" / name).chmod(0o755)
        root = world.folder / "root"
        for name in [*upgrade.REQUIREMENTS, *(f"{each}/package.json" for each in audit.NPM_FOLDERS)]:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name)
        return root

    def test_python_pins_move_where_they_stand_and_nothing_else_does(self, world: World, copy: Path) -> None:
        before = {name: (copy / name).read_text().splitlines() for name in upgrade.REQUIREMENTS}
        moved = upgrade.python(world.site().commands, copy)
        assert {name: new for name, _, new in moved} == {"aiohttp": "3.99.1", "ruff": "0.99.0"}
        after = {name: (copy / name).read_text().splitlines() for name in upgrade.REQUIREMENTS}
        changed = {line for name in before for line in set(after[name]) - set(before[name])}
        assert changed == {"aiohttp==3.99.1", "ruff==0.99.0"}
        assert "aiohttp==3.99.1" in (copy / upgrade.LOCK).read_text()

    def test_programs_with_an_environment_of_their_own_move_by_the_words_in_their_first_lines(
        self, world: World, copy: Path
    ) -> None:
        assert {"requirements.lock", *upgrade.APART} == set(audit.PYTHON_LOCKS)
        (world.folder / "bin" / "uv").write_text(
            """#!/bin/sh
for last; do :; done
while [ "$1" != --output-file ]; do shift; done
sed 's/^uv>=.*/uv==0.99.0/; s/^checkov>=\\(.*\\),.*/checkov==\\1/; s/>=\\(.*\\),.*/==\\1/' "$last" >"$2"
"""
        )
        for name in upgrade.APART:
            (copy / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
        head = (copy / "tools" / "care.txt").read_text().splitlines()[:2]
        assert [(name, new) for name, _, new in upgrade.apart(world.site().commands, copy)] == [("uv", "0.99.0")]
        assert (copy / "tools" / "care.txt").read_text().splitlines()[:2] == head
        assert "uv==0.99.0" in (copy / "tools" / "care.txt").read_text()

    def test_what_could_move_is_told_where_a_pipeline_shows_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
        upgrade.tell([("aiohttp", "3.1.0", "3.2.0")])
        assert "| aiohttp | 3.1.0 | 3.2.0 |" in (tmp_path / "summary.md").read_text()
        monkeypatch.delenv("GITHUB_STEP_SUMMARY")
        upgrade.tell([("aiohttp", "3.1.0", "3.2.0")])

    def test_npm_pins_move_to_the_last_release(self, world: World, copy: Path) -> None:
        assert [(name, new) for name, _, new in upgrade.npm(world.site().commands, copy)] == [("react", "19.10.0")]
        assert json.loads((copy / "frontend" / "package.json").read_text())["dependencies"]["react"] == "19.10.0"


class TestChanges:
    @pytest.fixture
    def repository(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
        """One whose last commit changes a template and a page."""
        monkeypatch.chdir(tmp_path)
        git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com")
        template = tmp_path / "tests" / "cdk" / "snapshots" / "network.json"
        template.parent.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet"], check=True)
        for text in ("before\n", "after\n"):
            template.write_text(text)
            (tmp_path / "page.md").write_text(text)
            subprocess.run(["git", "add", "."], check=True)
            subprocess.run([*git, "commit", "--quiet", "--message", text], check=True)
        env = {**environment(), "GIT_DIR": str(tmp_path / ".git"), "GIT_WORK_TREE": str(tmp_path)}
        return Commands(env)

    def test_of_what_is_committed_the_difference_is_written_down(self, repository: Commands, tmp_path: Path) -> None:
        changes.between(repository, "HEAD~1", tmp_path / "changes.diff")
        written = (tmp_path / "changes.diff").read_text()
        assert "-before\n+after\n" in written
        assert "page.md" not in written

    def test_what_is_no_commit_is_refused(self, repository: Commands) -> None:
        with pytest.raises(Failure, match="is no commit"):
            changes.between(repository, "--output=/etc/passwd")

    def test_an_account_is_only_looked_at(self, world: World) -> None:
        changes.in_the_account(world.site().commands, "dev")
        assert world.asked == [f"cdk diff --context env=dev --output {ROOT}/cdk.out/dev --method template"]


class TestTarget:
    def test_our_own_shop_may_be_loaded(self) -> None:
        hosts.check("smoke", "https://dev.tickets.example.com")

    @pytest.mark.parametrize("host", ["", "https://example.org", "https://dev.tickets.example.com.evil.example", "-h"])
    def test_nobody_elses_may(self, host: str) -> None:
        with pytest.raises(Failure, match=r"is no shop of ours: choose https://dev\."):
            hosts.check("smoke", host)

    def test_where_real_tickets_are_sold_nothing_is_loaded(self) -> None:
        with pytest.raises(Failure, match="sells real tickets"):
            hosts.check("smoke", "https://tickets.example.com")

    @pytest.mark.parametrize("value", ["ten", "-1", "1; touch made", "$(touch made)", "٣"])
    def test_what_is_no_number_is_refused(self, value: str) -> None:
        with pytest.raises(Failure, match="RATE is"):
            hosts.check("smoke", "https://dev.tickets.example.com", {"RATE": value})

    def test_a_scenario_that_is_none_is_refused(self) -> None:
        with pytest.raises(Failure, match="'ddos'"):
            hosts.check("ddos", "https://dev.tickets.example.com")
