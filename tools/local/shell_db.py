"""psql in the database of a running shop: `python -m tools.local.shell_db`, or with psql's own arguments.

DATA_DIR= (default .data) says whose, DATABASE_URL= names another database. It comes as the owner of everything.
"""

import os
from pathlib import Path
from urllib.parse import quote

from tools import console
from tools.console import Failure, step
from tools.programs.postgres import binaries

_SOCKET = 4  # the line of postmaster.pid that names the socket's directory; the documentation of PostgreSQL lists them


def main(arguments: list[str]) -> int:
    url = os.environ.get("DATABASE_URL") or embedded(Path(os.environ.get("DATA_DIR", ".data")))
    psql = binaries() / "psql"
    step("psql: \\dt lists tables, \\q ends it")
    os.execv(psql, [str(psql), url, *arguments])  # noqa: S606 - a program of ours


def embedded(data_dir: Path) -> str:
    """The address of the server that keeps its data there. Failure when none runs."""
    try:
        socket = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[_SOCKET]
    except (OSError, IndexError):
        raise Failure(f"no shop runs on {data_dir}: start one with `make up`, or name its DATA_DIR=") from None
    return f"postgresql://postgres@/tickets?host={quote(socket, safe='')}"


if __name__ == "__main__":
    console.run(main)
