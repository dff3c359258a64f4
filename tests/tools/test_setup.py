import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import setup
from tools.console import Failure

ROOT = setup.ROOT


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the set-up of Python reads, in which nothing is installed yet."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools", ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "backend").mkdir()
    for name in ("requirements.txt", "requirements.lock", "backend/requirements.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    return tmp_path


def fake_python(directory: Path, name: str, version: str, *, ensurepip: bool = True) -> None:
    """A program that answers tools/python.sh's questions like a Python of that version."""
    new = int(version.split(".")[1]) >= 11
    script = f"""#!/bin/sh
case "$2" in
  *print*) echo {version} ;;
  *version_info*) exit {0 if new else 1} ;;
  *ensurepip*) exit {0 if ensurepip else 1} ;;
  *) echo "this is {name} $*" ;;
esac
"""
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(script)
    (directory / name).chmod(0o755)


def find_python(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("sh") or "/bin/sh"
    return subprocess.run(
        [shell, ROOT / "tools" / "python.sh", *arguments],
        cwd=directory.parent,
        env={"PATH": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_python_new_enough_is_taken(tmp_path: Path) -> None:
    fake_python(tmp_path / "bin", "python3", "3.9")
    fake_python(tmp_path / "bin", "python3.12", "3.12", ensurepip=False)
    fake_python(tmp_path / "bin", "python3.11", "3.11")
    assert (
        find_python(tmp_path / "bin", "-m", "tools.setup", "page").stdout == "this is python3.11 -m tools.setup page\n"
    )


def test_an_old_python_is_one_line_that_says_what_is_needed(tmp_path: Path) -> None:
    fake_python(tmp_path / "bin", "python3", "3.9")
    answer = find_python(tmp_path / "bin")
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: Python 3.11 or newer is needed, found 3.9: ")
    assert answer.stderr.count("\n") == 1


def test_a_missing_venv_module_is_one_line_that_names_the_package(tmp_path: Path) -> None:
    fake_python(tmp_path / "bin", "python3", "3.12", ensurepip=False)
    answer = find_python(tmp_path / "bin")
    assert answer.returncode == 1
    assert "apt-get install python3.12-venv" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_no_network_is_one_line_and_the_next_run_starts_afresh(checkout: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tools.setup", "python"],
        cwd=checkout,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_FIND_LINKS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: no network: ")
    assert answer.stderr.count("\n") == 1
    assert not (checkout / ".venv" / ".stamp").exists()


def test_packages_and_what_they_are_built_with_come_from_the_lock(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(setup, "VENV", checkout / ".venv")
    monkeypatch.setattr(setup, "_works", lambda _python: True)
    monkeypatch.setattr(setup, "_run", lambda name, _args, *, more: asked.append((name, more)))
    (checkout / ".venv").mkdir()
    setup.python()
    lock = checkout / "requirements.lock"
    assert asked == [("python-packages", {"PIP_CONSTRAINT": str(lock), "PIP_BUILD_CONSTRAINT": str(lock)})]
    assert {line.partition("==")[0] for line in lock.read_text().splitlines()} >= {"setuptools", "wheel"}


def test_what_was_made_from_the_same_sources_is_fresh(checkout: Path) -> None:
    stamp, source = checkout / ".stamp", checkout / "requirements.txt"

    def is_fresh() -> bool:
        with setup.stamped(stamp, [source]) as fresh:
            return fresh

    assert not is_fresh()
    assert is_fresh()
    source.write_text(source.read_text().swapcase())
    assert not is_fresh()
    assert is_fresh()


def test_what_failed_to_be_made_is_not_fresh(checkout: Path) -> None:
    stamp = checkout / ".stamp"
    with pytest.raises(RuntimeError), setup.stamped(stamp, [checkout / "requirements.txt"]):
        raise RuntimeError
    assert not stamp.exists()


def test_without_checkov_the_set_up_goes_on_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise Failure("no network: the package index cannot be reached")

    monkeypatch.setattr(setup, "CHECKOV", tmp_path / "checkov")
    monkeypatch.setattr(setup, "_run", no_network)
    setup.checkov()
    assert "WARNING: checkov cannot be had: no network" in capsys.readouterr().out
    assert not (tmp_path / "checkov" / ".stamp").exists()


@pytest.mark.parametrize("program", ["cdk", "cdk8s"])
def test_a_command_line_is_beside_the_programs_of_the_environment_once_it_is_installed(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli, venv = tmp_path / f"{program}-cli", tmp_path / "venv"
    shutil.copytree(ROOT / "tools" / cli.name, cli, ignore=shutil.ignore_patterns("node_modules"))
    (venv / "bin").mkdir(parents=True)
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, f"{program.upper()}_CLI", cli)
    monkeypatch.setattr(setup, "VENV", venv)
    installs = []

    def npm(name: str, args: list[str | Path], *, cwd: Path) -> None:
        installs.append((name, args[1:2], cwd))
        (cli / "node_modules").mkdir()

    monkeypatch.setattr(setup, "_run", npm)
    install = {"cdk": setup.cdk_cli, "cdk8s": setup.cdk8s_cli}[program]
    install()
    install()
    assert installs == [(cli.name, ["ci"], cli)]
    assert (venv / "bin" / program).readlink() == cli / "node_modules" / ".bin" / program


def test_a_dry_run_says_what_would_be_installed_and_installs_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    monkeypatch.setattr(setup, "_run", lambda *_, **__: pytest.fail("something was installed"))
    monkeypatch.setattr(setup, "_works", lambda _: False)
    assert setup.main(["all", "--dry-run"]) == 0
    said = capsys.readouterr().out
    for line in ("Make .venv", "Build the front end", "Install what takes care of dependencies"):
        assert line in said
    assert not (checkout / ".tools").exists()


def test_the_command_hands_a_dry_run_on() -> None:
    asked = ["make", "--no-print-directory", "-n", "setup", "DRY_RUN=1"]
    said = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.strip().endswith("all --dry-run")
