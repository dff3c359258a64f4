"""docs/restore.md: its commands bring a shop back as it was, with a real dump; its names are those of the cluster."""

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2
import pytest
import yaml

from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.features.catalogue.seed import seed
from backend.features.inventory.sweeps import broken_invariants
from cdk.images import USER
from cdk.settings import environment
from tests.docs.pages import blocks, read
from ticketing.labels import selector
from ticketing.shop import MIGRATION, OWNER_SECRET
from tools.programs.postgres import Server, binaries

PAGE = "docs/restore.md"


def block(language: str, of: str) -> str:
    (found,) = [each.text for each in blocks(PAGE) if each.language == language and of in each.text]
    return found


def said(commands: str, dsn: str, folder: Path) -> str:
    """What they print where the page has them run: in a pod that knows server and login by its variables."""
    (socket,) = parse_qs(urlsplit(dsn).query)["host"]
    variables = {"PGHOST": socket, "PGUSER": "postgres", "RESTORED": dsn, "DUMP": str(folder / "shop.dump")}
    path = os.pathsep.join((str(binaries()), os.environ["PATH"]))
    done = subprocess.run(
        ["sh", "-c", commands], env={**variables, "PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def contents(dsn: str) -> tuple[dict[str, int], list[str]]:
    """How many rows each table has, and which invariants are broken."""
    database = await Database.open(DatabaseOptions(dsn=dsn))
    try:
        tables = await database.fetch_all("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200")
        counts = {name: int(await database.fetch_value(f'SELECT count(*) FROM "{name}"')) for (name,) in tables}
        return counts, [str(each) for each in await broken_invariants(database)]
    finally:
        await database.close()


@pytest.fixture
def shop(server: Server, template: str) -> Iterator[str]:
    """A shop that has lost all its rows, in a database that is called as the page has it."""
    server.drop_database("tickets")
    yield server.create_database("tickets", template=template)
    for name in ("tickets", "tickets_broken"):
        server.drop_database(name)
    server.create_database("tickets")


async def test_a_shop_is_back_as_it_was_and_the_broken_one_is_kept(
    server: Server, shop: str, dsn: str, tmp_path: Path
) -> None:
    backup = await Database.open(DatabaseOptions(dsn=dsn))
    await seed(backup, environment="test", now=datetime.now(UTC))
    await backup.close()
    rows, broken = await contents(dsn)
    assert rows["seat"] > rows["hold"] > 0

    said(block("sh", "pg_restore"), dsn, tmp_path)

    assert await contents(shop) == (rows, broken) == (rows, [])
    assert (await contents(server.dsn_of("tickets_broken")))[0]["seat"] == 0


def test_what_was_sold_since_then_is_asked_of_columns_that_are_there(dsn: str) -> None:
    connection = psycopg2.connect(dsn)
    try:
        with connection.cursor() as cursor:
            cursor.execute(block("sql", "FROM orders"))
            assert cursor.fetchall() == []
    finally:
        connection.close()


def test_its_pod_is_let_through_and_finds_the_owners_login() -> None:
    pod = yaml.safe_load(block("yaml", "kind: Pod"))
    assert pod["metadata"]["labels"] == selector(MIGRATION)
    assert pod["spec"]["securityContext"]["runAsUser"] == USER
    (volume,) = [each for each in pod["spec"]["volumes"] if "secret" in each]
    assert volume["secret"]["secretName"] == OWNER_SECRET
    (file,) = [each["value"] for each in pod["spec"]["containers"][0]["env"] if each["name"] == "PGSERVICEFILE"]
    (mount,) = [each for each in pod["spec"]["containers"][0]["volumeMounts"] if each["name"] == volume["name"]]
    assert file.startswith(f"{mount['mountPath']}/")


def test_its_numbers_are_those_of_the_settings() -> None:
    kept = re.search(r"`database.backup_days`: (\d+) in `prod`, (\d+) in `dev`", read(PAGE))
    assert kept
    assert [int(days) for days in kept.groups()] == [environment(env).database.backup_days for env in ("prod", "dev")]
    assert f"--replicas={environment('prod').backend.least}\n" in read(PAGE)
