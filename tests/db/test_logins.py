"""The application's logins: what they may do, and how a rotation reaches processes that run on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2
import pytest

from backend.db.driver import signed_in_as
from backend.db.errors import Rejected, Unavailable
from backend.db.logins import LOGINS, ROLE, Login, allow
from backend.db.migrate import migrate
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tools.programs.postgres import Server, postgres

FIRST = Login(LOGINS[0], "the first password")


@pytest.fixture(scope="module")
def strict_server() -> Iterator[Server]:
    """A server that asks the application's logins for their password, as RDS does."""
    with TemporaryDirectory(prefix="tickets-") as folder, postgres(Path(folder)) as running:
        access = running.directory / "pg_hba.conf"
        rules = "".join(f"local all {user} scram-sha-256\n" for user in LOGINS)
        access.write_text(rules + access.read_text())
        running.restart()
        yield running


@pytest.fixture
async def owner(strict_server: Server) -> AsyncIterator[str]:
    """The owner's address of a migrated database that the first login may use; roles are the server's, so they go."""
    dsn = strict_server.create_database("shop")
    await migrate(dsn)
    await allow(dsn, FIRST)
    yield dsn
    with closing(psycopg2.connect(strict_server.dsn)) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute("DROP DATABASE shop WITH (FORCE)")
            cursor.execute(f"DROP ROLE IF EXISTS {', '.join((*LOGINS, ROLE))}")


def address(owner: str, login: Login) -> str:
    return signed_in_as(owner, login.user, login.password)


async def opened(dsn: str) -> Database:
    return await Database.open(DatabaseOptions(dsn=dsn, maxsize=1, gate_timeout=5.0))


async def test_the_application_reads_and_writes_rows(owner: str) -> None:
    database = await opened(address(owner, FIRST))
    assert await database.fetch_value("SELECT count(*) FROM event") == 0
    await database.execute("DELETE FROM outbox")
    assert await database.fetch_value("SELECT setval(pg_get_serial_sequence('event', 'id'), 7)") == 7
    await database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE event ADD COLUMN mine int",
        "DROP TABLE event",
        "TRUNCATE event",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE ROLE mine",
        "DELETE FROM schema_migrations",
    ],
)
async def test_the_application_changes_nothing_of_the_schema(owner: str, statement: str) -> None:
    database = await opened(address(owner, FIRST))
    with pytest.raises(Rejected) as refusal:
        await database.execute(statement)
    await database.close()
    assert refusal.value.sqlstate == "42501"


async def test_a_wrong_password_is_refused(owner: str) -> None:
    database = await opened(address(owner, Login(FIRST.user, "a guess")))
    with pytest.raises(Unavailable, match="password authentication failed"):
        await database.fetch_value("SELECT 1")
    await database.close()


async def test_both_logins_are_valid_after_a_rotation_so_that_nobody_is_locked_out(owner: str) -> None:
    second = FIRST.successor()
    await allow(owner, second)
    for login in (FIRST, second):
        database = await opened(address(owner, login))
        assert await database.fetch_value("SELECT session_user") == login.user
        await database.close()


async def test_letting_in_a_login_again_changes_nothing_of_the_one_in_force(owner: str) -> None:
    second = FIRST.successor()
    await allow(owner, second)
    await allow(owner, FIRST)  # a migration that still saw the former secret
    database = await opened(address(owner, second))
    assert await database.fetch_value("SELECT pg_has_role(%(role)s, 'USAGE')", {"role": ROLE}) is True
    await database.close()


async def test_running_processes_follow_a_rotation_without_a_restart(
    owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = tmp_path / "pg_service.conf"
    monkeypatch.setenv("PGSERVICEFILE", str(services))

    def keep(login: Login) -> None:
        services.write_text(f"[login]\nuser={login.user}\npassword={login.password}\n")

    keep(FIRST)
    plain = owner.replace("postgres@", "")
    database = await Database.open(
        DatabaseOptions(dsn=f"{plain}&service=login", maxsize=1, gate_timeout=5.0, max_age=0.01)
    )
    assert await database.fetch_value("SELECT session_user") == LOGINS[0]
    second = FIRST.successor()
    await allow(owner, second)
    keep(second)
    with psycopg2.connect(owner) as admin, admin.cursor() as cursor:
        cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = %s", [LOGINS[0]])
    assert await database.fetch_value("SELECT session_user", retry=True) == LOGINS[1]
    await database.close()


async def test_no_log_of_the_server_holds_a_password(strict_server: Server, owner: str) -> None:
    with psycopg2.connect(owner) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute("ALTER DATABASE shop SET log_statement = 'all'")
    second = FIRST.successor()
    await allow(owner, second)
    log = strict_server.log.read_text()
    assert f"ALTER ROLE {second.user} PASSWORD 'SCRAM-SHA-256$" in log
    assert second.password not in log


def test_logins_take_turns_and_a_password_is_never_used_twice() -> None:
    second = FIRST.successor()
    assert (second.user, second.successor().user) == (LOGINS[1], LOGINS[0])
    assert len({FIRST.password, second.password, second.successor().password}) == 3


def test_a_login_survives_its_way_through_secrets_manager() -> None:
    assert Login.from_json(FIRST.to_json()) == FIRST
    assert FIRST.password not in repr(FIRST)


@pytest.mark.parametrize(
    "kept", ["", "[]", '{"username": "tickets_app_a"}', '{"username": "postgres", "password": "x"}']
)
def test_what_is_no_login_of_the_application_is_refused_without_quoting_it(kept: str) -> None:
    with pytest.raises(ValueError, match=r"expected \{|logs in as") as refusal:
        Login.from_json(kept)
    assert "password" not in str(refusal.value).replace('"password": …', "")
