"""Gives the application a new database password: in the database first, then where every process reads it."""

from __future__ import annotations

from backend.db.driver import connect, signed_in_as
from backend.db.logins import Login, allow
from backend.db.options import DatabaseOptions
from backend.messaging.aws import AwsClient, AwsError, AwsOptions


async def rotate(dsn: str, secret: str, options: AwsOptions) -> Login:
    """Let the other login in under a new password, try it, and make it the one in force; the former stays valid.

    dsn: the owner's. secret: its name in Secrets Manager. Interrupted anywhere, it leaves what is in force alone and
    may be run again. ValueError when Secrets Manager refuses.
    """
    client = AwsClient("secretsmanager", options)
    try:
        answer = await client.call("get_secret_value", SecretId=secret)
        login = Login.from_json(answer["SecretString"]).successor()
        await allow(dsn, login)
        await _try(dsn, login)
        await client.call("put_secret_value", SecretId=secret, SecretString=login.to_json())
    except AwsError as error:
        raise ValueError(f"Secrets Manager, {secret}: {error}") from error
    finally:
        await client.close()
    return login


async def _try(dsn: str, login: Login) -> None:
    """Unavailable when it cannot log in."""
    connection = await connect(DatabaseOptions(dsn=signed_in_as(dsn, login.user, login.password)))
    connection.close()
