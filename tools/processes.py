"""Child processes that never outlive us, even when we are killed with -9. Standard library only."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Process = subprocess.Popen[bytes]

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

# Linux sends the parent's-death signal when the *thread* that forked ends, so one lasting thread does all forking.
_forker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")


@dataclass(frozen=True)
class Start:
    """How a process is started: in a session of its own, its output appended to a log file, or to ours without one."""

    args: Sequence[str | Path]
    log: Path | None
    cwd: Path | None = None
    env: Mapping[str, str] | None = None
    user: str | None = None
    at_our_death: signal.Signals = signal.SIGKILL


def start(how: Start) -> Process:
    return _forker.submit(_start, how, os.getpid()).result()


def _start(how: Start, parent: int) -> Process:
    def tie_to_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, how.at_our_death)
        if os.getppid() != parent:  # it died before the signal was arranged
            os._exit(1)

    with nullcontext() if how.log is None else how.log.open("ab") as log:
        return subprocess.Popen(
            [str(arg) for arg in how.args],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log and subprocess.STDOUT,
            cwd=how.cwd,
            env=how.env,
            start_new_session=True,
            preexec_fn=tie_to_parent,  # noqa: PLW1509 - it must run after the fork, and takes no lock
            **credentials(how.user),
        )


def credentials(user: str | None) -> dict[str, Any]:
    """Arguments for subprocess that make the child run as this user and nothing more; empty for our own user."""
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def stop(process: Process, *attempts: tuple[signal.Signals, float]) -> None:
    """Send each signal in turn, giving the process so many seconds to end; then SIGKILL to all of its group."""
    for how, seconds in attempts:
        if process.poll() is not None:
            break
        process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
