from pathlib import Path

import pytest

from tools.local.logtail import AT_ONCE, LAST_LINES, LogTail


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "worker.log"
    path.write_text("ERROR of a run before\n")
    return path


def append(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_new_warnings_are_shown_once_and_nothing_else(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tail = LogTail("worker", log)
    append(log, '{"level": "info", "message": "fine"}\n')
    append(log, '{"level": "warning", "message": "slow"}\nERROR plain\n')
    tail.show_warnings()
    tail.show_warnings()
    assert capsys.readouterr().out.splitlines() == ["worker: warning slow", "worker: ERROR plain"]


def test_a_line_is_shown_when_it_is_whole(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tail = LogTail("worker", log)
    append(log, "ERROR in two")
    tail.show_warnings()
    append(log, " pieces\n")
    tail.show_warnings()
    assert capsys.readouterr().out == "worker: ERROR in two pieces\n"


def test_a_flood_is_counted_instead_of_shown(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tail = LogTail("worker", log)
    append(log, "ERROR\n" * (AT_ONCE + 5))
    tail.show_warnings()
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == AT_ONCE + 1
    assert shown[-1] == f"worker: and 5 more in {log}"


def test_the_last_lines_are_those_of_this_run(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tail = LogTail("worker", log)
    append(log, "".join(f"line {number}\n" for number in range(LAST_LINES + 3)))
    tail.show_last_lines()
    assert capsys.readouterr().out.splitlines()[0] == "worker: line 3"
    LogTail("worker", log).show_last_lines()
    assert capsys.readouterr().out == ""
