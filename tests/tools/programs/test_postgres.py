import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest

from tools.console import Failure
from tools.processes import credentials
from tools.programs import postgres_data
from tools.programs.postgres import Server, postgres


@pytest.fixture(scope="module")
def server(module_path: Path) -> Iterator[Server]:
    with postgres(module_path) as running:
        yield running


def query(dsn: str, statement: str) -> Any:
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def test_it_is_version_18_and_writes_durably(server: Server) -> None:
    settings = "current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes')"
    version, *durable = query(server.dsn, f"SELECT current_setting('server_version_num')::int / 10000, {settings}")
    assert version == 18
    assert durable == ["on", "on", "on"]


def test_it_listens_on_no_network_address(server: Server) -> None:
    assert psutil.Process(server.process.pid).net_connections("inet") == []


def test_a_database_is_copied_from_a_template(server: Server) -> None:
    template = server.create_database("template_of_tests")
    query(template, "CREATE TABLE seats AS SELECT 7 AS id")
    copy = server.create_database('a "strange" name', template="template_of_tests")
    assert query(copy, "SELECT id FROM seats") == (7,)


def test_a_database_is_dropped_although_someone_is_connected(server: Server) -> None:
    connection = psycopg2.connect(server.create_database("busy"))
    server.drop_database("busy")
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        psycopg2.connect(server.dsn_of("busy"))
    connection.close()


def test_a_restart_keeps_the_data(tmp_path: Path) -> None:
    with postgres(tmp_path) as server:
        query(server.dsn, "CREATE TABLE kept AS SELECT 1 AS id")
        server.restart()
        assert query(server.dsn, "SELECT id FROM kept") == (1,)
    with postgres(tmp_path) as server:
        assert query(server.dsn, "SELECT id FROM kept") == (1,)


def test_what_was_committed_survives_a_kill(tmp_path: Path) -> None:
    with postgres(tmp_path) as server:
        query(server.dsn, "CREATE TABLE kept AS SELECT 1 AS id")
        server.process.kill()
        server.process.wait()
        server.start()
        assert query(server.dsn, "SELECT id FROM kept") == (1,)


def test_a_pid_file_that_names_an_unrelated_process_is_no_obstacle(tmp_path: Path) -> None:
    with (
        postgres(tmp_path) as server,
        subprocess.Popen(["sleep", "60"], **credentials(postgres_data.owner())) as unrelated,
    ):
        pid_file = server.directory / "postmaster.pid"
        left_behind = pid_file.read_text().replace(str(server.process.pid), str(unrelated.pid), 1)
        server.stop()
        pid_file.write_text(left_behind)
        server.start()
        assert query(server.dsn, "SELECT 1") == (1,)
        unrelated.kill()


def test_it_ends_with_the_process_that_started_it_even_when_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from tools.programs.postgres import Server\n"
        "server = Server(Path(sys.argv[1])); server.start(); print(server.process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        server = psutil.Process(int(next(line for line in owner.stdout if line.strip().isdigit())))
        owner.send_signal(signal.SIGKILL)
        server.wait(10)
    assert not (tmp_path / "postgres" / "postmaster.pid").exists(), "it shut down in good order"


@pytest.mark.parametrize("name", ["long" * 25, "Ann's shop, 100% 票"])
def test_a_path_that_no_socket_can_have_still_works(tmp_path: Path, name: str) -> None:
    with postgres(tmp_path / name) as server:
        assert query(server.dsn, "SELECT 1") == (1,)


def test_a_second_server_on_the_same_data_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_data, "LEAVE_SECONDS", 0.2)
    with pytest.raises(Failure, match=f"in use by process {server.process.pid}"):
        Server(server.directory.parent).start()


def test_an_interrupted_creation_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new" / "PG_VERSION").write_text("18")
    with postgres(tmp_path) as server:
        assert query(server.dsn, "SELECT 1") == (1,)


def files_of_a_stranger(directory: Path) -> None:
    directory.mkdir()
    (directory / "holiday.jpg").touch()


def an_older_cluster(directory: Path) -> None:
    directory.mkdir()
    (directory / "PG_VERSION").write_text("16\n")


def a_file_in_its_place(directory: Path) -> None:
    directory.touch()


def a_damaged_cluster(directory: Path) -> None:
    with postgres(directory.parent):
        pass
    (directory / "global" / "pg_control").unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (files_of_a_stranger, "is not a PostgreSQL cluster: move it away"),
        (a_file_in_its_place, "is not a PostgreSQL cluster: move it away"),
        (an_older_cluster, "was made by PostgreSQL 16, this is 18"),
        (a_damaged_cluster, "did not start on .*: could not find the database system"),
    ],
)
def test_a_directory_it_cannot_serve_is_named_in_one_line(tmp_path: Path, spoil: Any, message: str) -> None:
    spoil(tmp_path / "postgres")
    with pytest.raises(Failure, match=message) as failure, postgres(tmp_path):
        pass
    assert "\n" not in str(failure.value)


def test_a_place_that_cannot_be_written_to_is_named_in_one_line() -> None:
    with (
        pytest.raises(Failure, match=r"cannot use /proc/nowhere/postgres: .*DATA_DIR="),
        postgres(Path("/proc/nowhere")),
    ):
        pass
