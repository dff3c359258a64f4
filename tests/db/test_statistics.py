"""The shop's migrations on servers with and without pg_stat_statements; the server of the tests has none of its own."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from backend.db.migrate import migrate
from tests.db.conftest import DATABASE, Admin

CREATED = "SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'"


@pytest.fixture
def library(admin: Admin) -> Iterator[None]:
    """A stand-in of the extension, where the server looks for it in this database alone."""
    with TemporaryDirectory() as made:  # not tmp_path, whose folders are closed to the server's user
        folder = Path(made) / "extension"
        folder.mkdir()
        (folder / "pg_stat_statements.control").write_text("default_version = '1.0'\nrelocatable = true\n")
        (folder / "pg_stat_statements--1.0.sql").write_text("CREATE VIEW pg_stat_statements AS SELECT 1 AS calls;\n")
        for each in (folder.parent, folder):
            each.chmod(0o755)
        admin.value("DROP SCHEMA IF EXISTS statistics CASCADE")
        admin.value(f"ALTER DATABASE {DATABASE} SET extension_control_path = '{folder.parent}:$system'")
        yield


@pytest.mark.usefixtures("library")
async def test_statements_that_a_server_counts_can_be_asked_for(dsn: str, admin: Admin) -> None:
    await migrate(dsn)
    assert admin.value("SELECT calls FROM statistics.pg_stat_statements") == 1
    admin.value("DROP SCHEMA statistics CASCADE")


async def test_a_server_that_counts_none_is_no_trouble(dsn: str, admin: Admin) -> None:
    assert await migrate(dsn)
    assert admin.value(CREATED) == 0


@pytest.mark.usefixtures("library")
async def test_an_owner_who_may_not_create_it_goes_without(dsn: str, admin: Admin) -> None:
    admin.value("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN")
    admin.value(f"GRANT CREATE ON DATABASE {DATABASE} TO plain; GRANT ALL ON SCHEMA public TO plain")
    try:
        await migrate(f"{dsn}&user=plain" if "?" in dsn else f"{dsn} user=plain")
        assert admin.value(CREATED) == 0
        assert admin.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'statistics'") == 0
    finally:
        admin.value("DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP OWNED BY plain; DROP ROLE plain")
