"""`python -m backend rotate`, between a real PostgreSQL and a stand-in of Secrets Manager."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from backend.db.driver import connect, signed_in_as
from backend.db.errors import DatabaseError
from backend.db.logins import LOGINS, Login
from backend.db.options import DatabaseOptions
from backend.messaging.aws import AwsOptions
from backend.rotation import rotate
from cdk import names
from tests.messaging.cloud import moto
from tests.test_cli import Ended, backend

SECRET = names.secret("dev", names.Secret.DATABASE_LOGIN)
FIRST = Login(LOGINS[0], "made by Secrets Manager")


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsOptions]:
    with pytest.MonkeyPatch.context() as patch, moto(tmp_path_factory.mktemp("moto") / "log") as options:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield options


@pytest.fixture
def vault(aws: AwsOptions) -> Iterator[Any]:
    client = boto3.client("secretsmanager", region_name=aws.region, endpoint_url=aws.endpoint_url)
    client.create_secret(Name=SECRET, SecretString=FIRST.to_json())
    yield client
    client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    client.close()


def in_force(vault: Any) -> Login:
    return Login.from_json(vault.get_secret_value(SecretId=SECRET)["SecretString"])


async def test_the_other_login_is_let_in_and_becomes_the_one_in_force(dsn: str, aws: AwsOptions, vault: Any) -> None:
    assert await rotate(dsn, SECRET, aws) == in_force(vault)
    assert in_force(vault).user == LOGINS[1]
    connection = await connect(DatabaseOptions(dsn=signed_in_as(dsn, in_force(vault).user, in_force(vault).password)))
    assert await connection.fetch("SELECT session_user") == [(LOGINS[1],)]
    connection.close()


async def test_every_rotation_changes_the_password_and_the_turn(dsn: str, aws: AwsOptions, vault: Any) -> None:
    assert in_force(vault) == FIRST
    seen = [FIRST, *[await rotate(dsn, SECRET, aws) for _ in range(3)]]
    assert [login.user for login in seen] == [LOGINS[0], LOGINS[1], LOGINS[0], LOGINS[1]]
    assert len({login.password for login in seen}) == 4


async def test_what_is_in_force_stays_when_the_database_cannot_be_reached(aws: AwsOptions, vault: Any) -> None:
    with pytest.raises(DatabaseError):
        await rotate("postgresql://owner@127.0.0.1:1/tickets", SECRET, aws)
    assert in_force(vault) == FIRST


async def test_an_operator_rotates_and_migrates_by_command(
    dsn: str, aws: AwsOptions, vault: Any, tmp_path: Path
) -> None:
    where = {"AWS_ENDPOINT_URL": str(aws.endpoint_url), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    file = tmp_path / "login.json"
    file.write_text(vault.get_secret_value(SecretId=SECRET)["SecretString"])
    migrated = await backend("migrate", "--login", file, dsn=dsn)
    assert migrated == Ended(0, ["the schema is up to date", f"{LOGINS[0]} may log in"], [])
    rotated = await backend("rotate", SECRET, dsn=dsn, **where)
    assert rotated == Ended(0, [f"{LOGINS[1]} may log in, and is what {SECRET} says now"], [])


async def test_a_secret_that_is_not_there_is_one_line(dsn: str, aws: AwsOptions) -> None:
    where = {"AWS_ENDPOINT_URL": str(aws.endpoint_url), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    ended = await backend("rotate", "nowhere", dsn=dsn, **where)
    assert (ended.code, ended.out, len(ended.err)) == (1, [], 1)
    assert ended.err[0].startswith("rotate: Secrets Manager, nowhere: ")


async def test_a_login_file_that_is_none_is_one_line(dsn: str, tmp_path: Path) -> None:
    file = tmp_path / "login.json"
    file.write_text(json.dumps({"username": "postgres", "password": "hunter2"}))
    ended = await asyncio.wait_for(backend("migrate", "--login", file, dsn=dsn), 60)
    assert ended.err == ["migrate: the application logs in as tickets_app_a or tickets_app_b, not as postgres"]


def test_both_sides_call_the_logins_the_same() -> None:
    assert names.DATABASE_LOGINS == LOGINS
