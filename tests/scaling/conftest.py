from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tests.box_office import BoxOffice
from tests.scaling.replicas import Replicas, running_replicas
from tools.programs.postgres import Server


@pytest.fixture(scope="session")
async def replicas(server: Server, template: str) -> AsyncIterator[Replicas]:
    """One shop for all: starting five processes takes longer than the tests."""
    dsn = server.create_database("scaling", template=template)
    database = await Database.open(DatabaseOptions(dsn=dsn, gate_timeout=5.0))
    with TemporaryDirectory(prefix="scaling-") as folder:
        async with running_replicas(BoxOffice(database), dsn, Path(folder)) as running:
            yield running
    await database.close(patience=1.0)
    server.drop_database("scaling")
