"""DATA_DIR: everything a local shop keeps, used by one shop at a time."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.console import Failure

SECRETS = ("SECRET_KEY", "PSP_API_KEY", "PSP_WEBHOOK_SECRET")


@contextmanager
def claimed(path: Path) -> Iterator[Path]:
    """Make the directory if need be and keep every other shop out of it until the block ends."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / "shop.pid").open("a+")
    except OSError as error:
        raise Failure(f"cannot write to {path}: {error.strerror}; choose another place with DATA_DIR=") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            other = lock.read().strip()
            raise Failure(f"{path} is in use by the shop with process id {other}: choose another DATA_DIR=") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield path.resolve()
        lock.truncate(0)


def local_secrets(data_dir: Path) -> dict[str, str]:
    """The shop's own secrets, made once, so that links and tickets stay valid over restarts."""
    path = data_dir / "secrets.json"
    try:
        kept: dict[str, str] = json.loads(path.read_text())
    except FileNotFoundError:
        kept = {}
    except (ValueError, OSError) as error:
        raise Failure(f"cannot read {path}: {error}; remove it to have new secrets made") from error
    missing = [name for name in SECRETS if name not in kept]
    if missing:
        kept |= {name: secrets.token_hex(32) for name in missing}
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file, indent=2)
    return {name: kept[name] for name in SECRETS}
