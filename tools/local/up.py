"""Runs the whole shop in the foreground until Ctrl-C, SIGTERM or the terminal's end: `python -m tools.local.up`.

PORT (default 8080; 0 finds free ones), DATA_DIR (default .data), DATABASE_URL (use this database, start none).
"""

import argparse
import json
import os
import re
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from types import FrameType

from tools import console, processes
from tools.console import Failure, say, step
from tools.local.data_dir import claimed
from tools.local.logtail import WARNINGS, LogTail
from tools.local.ports import free_ports
from tools.local.shop import Part, Shop
from tools.programs import prometheus
from tools.programs.postgres import postgres
from tools.setup import ROOT

START_SECONDS = 60.0
POLL_SECONDS = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OF_POSTGRES = re.compile("FATAL|PANIC")  # its ERROR lines are statements that were refused, as they should be


class Stopped(BaseException):
    """Somebody asked us to stop; not an Exception, so that nothing on the way takes it for an error."""


class Child:
    """One process of the shop and what it logs."""

    def __init__(self, name: str, process: processes.Process, log: LogTail) -> None:
        self.name = name
        self.process = process
        self.log = log

    def check(self) -> None:
        """Show its new warnings; a Failure when it has died."""
        self.log.show_warnings()
        status = self.process.poll()
        if status is not None:
            self.log.show_last_lines()
            how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
            raise Failure(f"{self.name} {how}; its last lines are above, all of them in {self.log.path}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.local.up", description="Run the whole shop until Ctrl-C.")
    parser.add_argument(
        "--ready-file", type=Path, help="write the addresses there as JSON once the shop answers; removed at the end"
    )
    parser.add_argument("--changing", action="store_true", help="follow changes of the code: `make dev`")
    options = parser.parse_args(arguments)
    os.chdir(ROOT)
    with suppress(Stopped), ExitStack() as stack:
        for each in SIGNALS:
            signal.signal(each, _stop)
        try:
            _run(stack, options.ready_file, changing=options.changing)
        finally:
            _ignore_signals()
            step("stopping")
    step("stopped: nothing is left running")
    return 0


def _run(stack: ExitStack, ready_file: Path | None, *, changing: bool) -> None:
    abandoned = _abandonment()
    ports = free_ports(os.environ.get("PORT", "8080"))
    data_dir = stack.enter_context(claimed(Path(os.environ.get("DATA_DIR", ".data"))))
    logs = data_dir / "logs"
    logs.mkdir(exist_ok=True)
    (data_dir / "mailbox").mkdir(exist_ok=True)
    children = []
    database_url = os.environ.get("DATABASE_URL", "")
    if not database_url:
        step("starting PostgreSQL")
        server = stack.enter_context(postgres(data_dir))
        children.append(Child("postgres", server.process, LogTail("postgres", server.log, warnings=OF_POSTGRES)))
        database_url = server.dsn
    shop = Shop(ports, data_dir, database_url, prometheus.find(), changing=changing)
    for task in shop.tasks():
        step(f"preparing the database: {task.name}")
        _run_to_its_end(task, logs, children)
    parts = shop.parts()
    step(f"starting {', '.join(part.name for part in parts)}")
    children += [stack.enter_context(_child(part, logs)) for part in parts]
    for part in parts:
        _wait_until_ready(part, children)
    say(f"\n{shop.addresses()}\n")
    if ready_file is not None:
        stack.enter_context(_announced(shop, ready_file))
    step(f"ready {shop.url} (Ctrl-C stops it)")
    while not abandoned():
        _check(children)


def _abandonment() -> Callable[[], bool]:
    """Asks whether nobody is left to stop us: our terminal is gone, or the make that started us was killed."""
    parent, had_terminal, by_make = os.getppid(), sys.stdout.isatty(), "MAKELEVEL" in os.environ
    return lambda: (by_make and os.getppid() != parent) or (had_terminal and not sys.stdout.isatty())


def _check(children: list[Child]) -> None:
    time.sleep(POLL_SECONDS)
    for child in children:
        child.check()


@contextmanager
def _child(part: Part, logs: Path) -> Iterator[Child]:
    log = logs / f"{part.name}.log"
    tail = LogTail(part.name, log, warnings=WARNINGS)
    process = processes.start(processes.Start(part.command, log=log, cwd=ROOT, env=part.env))
    try:
        yield Child(part.name, process, tail)
    finally:
        processes.stop(process, (signal.SIGTERM, part.seconds_to_stop))


def _run_to_its_end(task: Part, logs: Path, children: list[Child]) -> None:
    with _child(task, logs) as running:
        while running.process.poll() is None:
            _check(children)
        if running.process.returncode != 0:
            said = running.log.last_line()
            if said.startswith(f"{task.name}: "):
                raise Failure(said)  # its own sentence, which says what to do
            running.check()


def _wait_until_ready(part: Part, children: list[Child]) -> None:
    give_up = time.monotonic() + START_SECONDS
    while not _answers(part.probe):
        _check(children)
        if time.monotonic() > give_up:
            raise Failure(f"{part.name} is not ready after {START_SECONDS:.0f} s: {part.probe} does not answer 200")


def _answers(url: str) -> bool:
    with suppress(OSError, urllib.error.HTTPError), urllib.request.urlopen(url, timeout=2.0) as answer:
        return bool(answer.status == HTTPStatus.OK)
    return False


@contextmanager
def _announced(shop: Shop, ready_file: Path) -> Iterator[None]:
    """Keep the file for as long as the shop answers; it appears whole, never half-written."""
    new = ready_file.with_name(f"{ready_file.name}.new")
    new.write_text(json.dumps(shop.facts(), indent=2))
    new.rename(ready_file)
    try:
        yield
    finally:
        ready_file.unlink(missing_ok=True)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    _ignore_signals()  # the second Ctrl-C must not interrupt the stopping
    raise Stopped


def _ignore_signals() -> None:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)


if __name__ == "__main__":
    console.run(main)
