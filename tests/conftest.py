"""One real PostgreSQL for the whole run of a worker; a fresh, migrated database for each test that asks for one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from xdist.remote import Producer

from backend.db.migrate import migrate
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tests import sharing
from tests.box_office import BoxOffice
from tests.databases import Databases
from tools.programs.postgres import Server, postgres

# A busy machine makes a quick example slow now and then, which is no fault of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several workers
        items.sort(key=lambda item: sharing.turn(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> sharing.Together:
    return sharing.Together(config, log)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Shops that tests share keep their connections until the end, each as many as in production."""
    # Not pytest's folder: it closes that to other users each time it starts, and as root the server is another user.
    with (
        TemporaryDirectory(prefix="tickets-") as folder,
        postgres(Path(folder), settings={"max_connections": "400"}) as running,
    ):
        yield running


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A PostgreSQL that the test may stop."""
    with TemporaryDirectory(prefix="tickets-") as folder, postgres(Path(folder)) as running:
        yield running


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """The name of a migrated database to copy."""
    dsn = server.create_database("template_migrated")
    asyncio.run(migrate(dsn))
    return "template_migrated"


@pytest.fixture(scope="session")
def databases(server: Server, template: str) -> Databases:
    return Databases(server, template)


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A migrated database of the test's own."""
    with databases.one() as dsn:
        yield dsn


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    database = await Database.open(DatabaseOptions(dsn=dsn, gate_timeout=5.0))  # a busy machine is no fault
    yield database
    await database.close(patience=1.0)


@pytest.fixture
def box_office(db: Database) -> BoxOffice:
    """Puts events straight into the tables and looks straight at them."""
    return BoxOffice(db)
