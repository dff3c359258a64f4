from collections.abc import AsyncIterator, Iterator

import pytest

from backend.db.pool import Database
from backend.messaging.aws import AwsOptions
from tests.messaging.cloud import Cloud, moto
from tests.messaging.post_room import Meters, Outbox


@pytest.fixture
def outbox(db: Database) -> Outbox:
    return Outbox(db)


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsOptions]:
    with pytest.MonkeyPatch.context() as patch, moto(tmp_path_factory.mktemp("moto") / "log") as options:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield options


@pytest.fixture
async def cloud(aws: AwsOptions) -> AsyncIterator[Cloud]:
    cloud = Cloud(aws)
    yield cloud
    await cloud.close()
