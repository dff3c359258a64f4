"""What the tools say to the person at the terminal. Standard library only: it runs before anything is installed."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress

# The set-up hands its start on to the tool that it becomes, so that the seconds go on counting.
STARTED = "TOOLS_STARTED"
_started = float(os.environ.pop(STARTED, time.monotonic()))


class Failure(Exception):  # noqa: N818 - it is shown to people, and reads well there
    """Something the person can put right: one line that says what happened and what to do."""


def say(text: str) -> None:
    """Print a line at once; a terminal that is gone must not stop a shutdown half-way."""
    with suppress(OSError, ValueError):
        print(text, flush=True)


def step(text: str) -> None:
    """Say which step begins, with the seconds since the start."""
    say(f"[{elapsed():5.1f} s] {text}")


def elapsed() -> float:
    return time.monotonic() - _started


def hand_on() -> dict[str, str]:
    """The environment of a program that we become."""
    return {**os.environ, STARTED: str(_started)}


def run(main: Callable[[list[str]], int]) -> None:
    """Exit with the status of main(arguments); a Failure becomes its one line and status 1."""
    try:
        status = main(sys.argv[1:])
    except Failure as failure:
        with suppress(OSError):
            print(f"error: {failure}", file=sys.stderr, flush=True)
        status = 1
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
