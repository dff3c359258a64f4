import pytest

from backend.db.pool import Database
from tests.messaging.post_room import Meters, Outbox


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


@pytest.fixture
def meters() -> Meters:
    return Meters()
