"""Runs commands side by side, as many as the machine has processors for, and shows the output of each in one piece."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tools import console, processes
from tools.console import say
from tools.setup import ROOT, environment

# Two on the smallest machine, since each waits now and then; each of many would want its own server, memory and disk.
LANES = min(max(os.cpu_count() or 2, 2), 4)
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 20.0  # seconds in which an interrupted command is to end what it had started


@dataclass(frozen=True)
class Step:
    """A command. alone: nothing runs beside it, and its output is shown as it comes."""

    name: str
    command: Sequence[str]
    cwd: Path = ROOT
    alone: bool = False


@dataclass(frozen=True)
class Result:
    step: Step
    passed: bool
    seconds: float


@dataclass(frozen=True)
class _Running:
    step: Step
    process: processes.Process | None  # None when there is no such command
    log: Path | None
    started: float

    def result(self) -> Result | None:
        """None while it runs."""
        status = 127 if self.process is None else self.process.poll()
        return None if status is None else Result(self.step, status == 0, time.monotonic() - self.started)


def run(steps: Sequence[Step], lanes: int = LANES) -> list[Result]:
    """Run all, starting them in their order, whatever fails; the results in that order too.

    An interrupt ends those that run, and what they had started.
    """
    waiting, running, results = list(steps), list[_Running](), list[Result]()
    with TemporaryDirectory(prefix="checks-") as folder:
        try:
            while waiting or running:
                while waiting and _has_room(waiting[0], running, lanes):
                    with _undisturbed():  # or what has just been started would be forgotten
                        running.append(_start(waiting.pop(0), Path(folder)))
                for each in [each for each in running if each.result()]:
                    running.remove(each)
                    results.append(_ended(each, f"{len(results) + 1}/{len(steps)}"))
                time.sleep(0.02)
        finally:
            _interrupt(running)
    return sorted(results, key=lambda result: steps.index(result.step))


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Interrupts wait until the end of the block."""
    came: list[int] = []
    before = {each: signal.signal(each, lambda number, _: came.append(number)) for each in _INTERRUPTS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    for number in came:
        signal.raise_signal(number)


def _has_room(step: Step, running: Sequence[_Running], lanes: int) -> bool:
    if step.alone or any(each.step.alone for each in running):
        return not running
    return len(running) < lanes


def _start(step: Step, folder: Path) -> _Running:
    log = None if step.alone else folder / f"{step.name.replace('/', ' ')}.log"
    console.step(f"{step.name}{f': {_words(step)}' if step.alone else ' begins'}")
    try:
        how = processes.Start(step.command, log=log, cwd=step.cwd, env=environment())
        process = processes.start(how)
    except OSError as error:
        say(f"cannot run {step.command[0]}: {error.strerror}")
        process = None
    return _Running(step, process, log, time.monotonic())


def _ended(running: _Running, number: str) -> Result:
    result = running.result()
    assert result is not None, f"{running.step.name} has not ended"  # noqa: S101 - the caller has looked
    if running.log is not None:
        say(f"\n--- {number} {running.step.name}: {_words(running.step)}")
        with suppress(FileNotFoundError):
            say(running.log.read_text(errors="replace").rstrip("\n"))
    say(f"--- {number} {running.step.name}: {'ok' if result.passed else 'FAILED'} after {result.seconds:.1f} s\n")
    return result


def _words(step: Step) -> str:
    return " ".join(step.command)


def _interrupt(running: Iterable[_Running]) -> None:
    """Tell all first, so that they end at the same time, and once: a second interrupt would break their tidying up."""
    left = [each.process for each in running if each.process is not None]
    for process in left:
        process.send_signal(signal.SIGINT)
    for process in left:
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        processes.stop(process)
