"""The directory PostgreSQL keeps its data in: made once, then checked before each start."""

import os
import pwd
import re
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tools.console import Failure, say
from tools.processes import credentials

VERSION = "18"
SYSTEM_USER = "pgserver"
LEAVE_SECONDS = 15.0  # how long a server whose shop was killed may take to write its checkpoint and go


def owner() -> str | None:
    """The system user to run the server as when we are root, which PostgreSQL refuses; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER).pw_name
    make = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(make, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Failure(
            f"PostgreSQL does not run as root, and the user {SYSTEM_USER} could not be made ({error}):"
            f" make it with `{' '.join(make)}`, or start as another user"
        ) from error
    return SYSTEM_USER


def give_to(user: str | None, path: Path) -> None:
    if user is not None:
        shutil.chown(path, user, user)


def prepare(directory: Path, bin_dir: Path, user: str | None) -> None:
    """Leave a cluster of our version that nobody else is serving, or say what is wrong with it."""
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        _let_in(user, bin_dir, directory.parent)
        version = _version(directory)
        if version is None:
            _create(directory, bin_dir, user)
    except OSError as error:
        raise Failure(f"cannot use {directory}: {error.strerror}; choose another place with DATA_DIR=") from error
    if version not in (None, VERSION):
        raise Failure(f"{directory} was made by PostgreSQL {version}, this is {VERSION}: choose another with DATA_DIR=")
    _take_over(directory)


def _version(directory: Path) -> str | None:
    """The version that made the cluster, or None for a directory that is still empty or missing."""
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return None
    with suppress(FileNotFoundError, NotADirectoryError):
        return (directory / "PG_VERSION").read_text().strip()
    raise Failure(f"{directory} is not a PostgreSQL cluster: move it away or choose another place with DATA_DIR=")


def _create(directory: Path, bin_dir: Path, user: str | None) -> None:
    """Make the cluster under another name first, so that an interrupted start leaves nothing half-made."""
    new = directory.with_name(f"{directory.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    give_to(user, new)
    # The built-in locale sorts the same on every machine and never changes with the system's libraries.
    locale = ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    made = subprocess.run(
        [bin_dir / "initdb", "--username=postgres", "--auth=trust", "--no-instructions", *locale, "-D", new],
        capture_output=True,
        check=False,
        **credentials(user),
    )
    if made.returncode != 0:
        shutil.rmtree(new, ignore_errors=True)
        raise Failure(f"PostgreSQL cannot make its data directory {directory}: {_reason(made)}")
    new.rename(directory)


def _take_over(directory: Path) -> None:
    """Wait for a server that is just leaving; forget one that was killed, whose number may be another process now."""
    pid_file = directory / "postmaster.pid"
    give_up = time.monotonic() + LEAVE_SECONDS
    while (pid := _first_number(pid_file)) is not None:
        if not _is_postgres(pid):
            pid_file.unlink(missing_ok=True)
            return
        if time.monotonic() > give_up:
            raise Failure(f"{directory} is in use by process {pid}: stop that shop or choose another with DATA_DIR=")
        time.sleep(0.1)


def _first_number(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except FileNotFoundError:
        return None
    except ValueError:
        return 0  # cut off while it was written; no process has this number


def _is_postgres(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
    return False


def _let_in(user: str | None, *paths: Path) -> None:
    """Let the server's user pass through the directories above the paths: search only, not read."""
    if user is None:
        return
    for path in paths:
        for above in reversed([path, *path.parents]):
            mode = above.stat().st_mode
            if not mode & 0o001:
                above.chmod(mode | 0o001)
                say(f"let the user {user} pass through {above} (chmod o+x), so that PostgreSQL can run")


def _reason(process: subprocess.CompletedProcess[bytes]) -> str:
    """The first line that speaks of an error, else the last one."""
    lines = (process.stdout + process.stderr).decode(errors="replace").strip().splitlines()
    errors = (line for line in lines if re.search("error|FATAL|PANIC", line))
    return next(errors, lines[-1] if lines else "it says nothing")
