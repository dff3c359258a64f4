"""Programs of Debian's packages, on a machine where they cannot be had."""

from pathlib import Path

import pytest

from tools.programs import debian, nginx, prometheus


@pytest.mark.parametrize("apt_get", [None, "exit 100"])
def test_what_cannot_be_fetched_is_not_found_and_leaves_nothing_behind(
    apt_get: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("apt-get", "dpkg") if apt_get else ():
        (programs / name).write_text(f"#!/bin/sh\n{apt_get}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(debian, "ROOT", tmp_path)
    assert debian.find("prometheus", "prometheus") is None
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != programs] == []


@pytest.mark.parametrize(("message", "package"), [(prometheus.MISSING, "prometheus"), (nginx.MISSING, "nginx")])
def test_whoever_lacks_a_program_is_told_of_both_ways_to_it(message: str, package: str) -> None:
    assert "have it on PATH" in message
    assert "`sudo apt-get update` is enough" in message
    assert f"the package `{package}`" in message
