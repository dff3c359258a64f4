"""The tables and rows that other programs have a part in: what is made of what they say."""

from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tools.bench import page, soaking, synthesis
from tools.bench.crowd import Visit, Visits
from tools.console import Failure

MIB = 1 << 20


def test_a_soak_says_by_how_much_memory_grew_once_it_had_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    grown = count(70 * MIB, MIB)
    monkeypatch.setattr(soaking, "send_in", nobody_comes)
    monkeypatch.setattr(soaking, "resident_bytes", lambda pid: next(grown) if pid == 1 else 60 * MIB)
    site = SimpleNamespace(
        port=1,
        pids={"backend": 1, "worker": 2, "provider": 3},
        stock=SimpleNamespace(publish=lambda *_, **__: [SimpleNamespace(id=7)]),
        settle=lambda: None,
        check=lambda: None,
    )
    lines = soaking.soak(site, 120).splitlines()  # type: ignore[arg-type]
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == ["10", "0", "70.0", "60.0", "60.0"]
    assert lines[-1] == "After the first third the backend's memory changed by +8.0 MiB in 0 bookings."


def nobody_comes(_port: int, _visits: Iterable[Visit], _until: Callable[[], bool]) -> Visits:
    return Visits()


def test_a_script_of_the_front_end_that_fails_is_named_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").touch()
    monkeypatch.setattr(page, "FRONTEND", tmp_path)
    answers(monkeypatch, page, returncode=1, stderr="noise\nError: no browser\n")
    with pytest.raises(Failure, match=r"frontend/scripts/size.ts failed: Error: no browser"):
        page.weigh()


def test_a_front_end_that_is_over_its_budget_is_weighed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").touch()
    monkeypatch.setattr(page, "FRONTEND", tmp_path)
    answers(monkeypatch, page, returncode=1, stdout="OVER first-load JavaScript: 140.5 kB of 110 kB gzip\n")
    (row,) = page.weigh()
    assert (row.value, row.met) == (140.5, False)


def test_templates_that_cannot_be_made_are_a_failure_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, synthesis, returncode=1, stdout="error: prod: stacks failed\n")
    with pytest.raises(Failure, match="synthesizing failed: error: prod: stacks failed"):
        synthesis.synthesize()


def test_the_time_of_a_synthesis_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, synthesis, returncode=0)
    (row,) = synthesis.synthesize()
    assert 0 <= row.value < 60
    assert row.met


def answers(
    monkeypatch: pytest.MonkeyPatch, module: Any, *, returncode: int, stdout: str = "", stderr: str = ""
) -> None:
    """Whatever the module runs ends so."""
    ended = SimpleNamespace(returncode=returncode, stdout=stdout, stderr=stderr)
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: ended)
