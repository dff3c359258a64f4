"""Checks side by side: none is lost, none is torn apart, and none outlives an interrupt."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import lanes
from tools.checks import PLANS
from tools.lanes import Step
from tools.setup import ROOT

# Runs a step for each of its arguments, which writes there the id of a process that it started.
RUN = """
import signal, sys
from tools import console, lanes
SCRIPT = "sleep 60 & echo $! > $0.new; mv $0.new $0; wait"
signal.signal(signal.SIGTERM, signal.default_int_handler)
console.run(lambda files: len(lanes.run([lanes.Step(file, ("sh", "-c", SCRIPT, file)) for file in files])))
"""
MEET = "touch $0; until [ -e $1 ]; do :; done"  # ends only once the other one has begun


def sh(name: str, script: str, *arguments: Path, alone: bool = False) -> Step:
    return Step(name, ("timeout", "20", "sh", "-c", script, *map(str, arguments)), alone=alone)


def passed(steps: list[Step], count: int = 2) -> list[bool]:
    return [result.passed for result in lanes.run(steps, count)]


def test_steps_run_side_by_side(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    assert passed([sh("one", MEET, one, other), sh("other", MEET, other, one)]) == [True, True]


def test_no_more_run_at_once_than_there_are_lanes(tmp_path: Path) -> None:
    script = "mkdir $0 && ls $0/.. && rmdir $0"  # fails while another holds the folder
    held = tmp_path / "held"
    assert passed([sh(f"step {number}", script, held) for number in range(5)], 1) == [True] * 5


def test_beside_one_that_wants_to_be_alone_nothing_runs(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    quiet = f"sleep 0.2; test ! -e {mark}"
    steps = [
        sh("before", f"touch {mark}; sleep 0.2; rm {mark}"),
        sh("alone", quiet, alone=True),
        sh("after", f"touch {mark}"),
    ]
    assert passed(steps) == [True, True, True]


def test_the_output_of_each_is_in_one_piece(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    lanes.run([
        sh("one", f"echo one begins; {MEET}; echo one ends >&2", one, other),
        sh("other", f"echo other begins; {MEET}; echo other ends", other, one),
    ])  # fmt: skip
    said = capfd.readouterr().out
    assert "one begins\none ends\n" in said
    assert "other begins\nother ends\n" in said


def test_after_a_failure_the_others_run_and_each_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    steps = [sh("good", "exit 0"), sh("bad", "echo what went wrong; exit 3"), Step("none", ("no-such-program",))]
    assert passed([*steps, sh("last", "exit 0", alone=True)]) == [True, False, False, True]
    said = capfd.readouterr().out
    assert "what went wrong" in said
    assert "bad: FAILED after " in said
    assert "cannot run no-such-program: No such file or directory" in said


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all_that_runs(how: signal.Signals, tmp_path: Path) -> None:
    """Each step has a process of its own below it, as test runners do."""
    command = [sys.executable, "-c", RUN, str(tmp_path / "one"), str(tmp_path / "other")]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            children = [_appears(tmp_path / name, process) for name in ("one", "other")]
            process.send_signal(how)
            assert process.wait(30) == 130
        finally:
            process.kill()
    give_up = time.monotonic() + 10  # the kernel ends what was killed in its own time
    while any(map(_runs, children)):
        assert time.monotonic() < give_up


def _appears(path: Path, process: subprocess.Popen[bytes]) -> int:
    while not path.exists():
        assert process.poll() is None
    return int(path.read_text())


def _runs(process: int) -> bool:
    """Whether it is there, and not only waiting to be buried."""
    try:
        os.kill(process, 0)
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.parametrize("plan", PLANS)
def test_every_step_of_a_plan_has_a_name_of_its_own(plan: str) -> None:
    names = [step.name for step in PLANS[plan]]
    assert len(set(names)) == len(names)


def test_what_writes_the_same_files_is_never_beside_another() -> None:
    assert all(step.alone for step in PLANS["fmt"])
