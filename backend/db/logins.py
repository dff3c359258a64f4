"""What the application logs in as: two roles that take turns, so that a password only changes while nobody uses it.

Both are members of one role that may read and write rows; tables and functions belong to the owner, who migrates. The
login in force is a JSON object in Secrets Manager, `{"username": …, "password": …}`. Processes read it at each
connection from a libpq service file (`DATABASE_URL=postgresql://HOST/tickets?service=login`, PGSERVICEFILE), so that
they follow a rotation without a restart; connections made before it stay, because the former login stays valid.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

import orjson

from backend.db.driver import Connection, connect
from backend.db.options import DatabaseOptions

ROLE = "tickets_app"
LOGINS = (f"{ROLE}_a", f"{ROLE}_b")

# Granted anew after each migration, so a table that came with it is included. What migrations note is theirs alone.
_ROLE = f"""
DO $$ BEGIN
    CREATE ROLE {ROLE} NOLOGIN;
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
GRANT USAGE ON SCHEMA public TO {ROLE};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE};
GRANT SELECT, UPDATE, USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLE};
REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM {ROLE}
"""
_LOGIN = """
DO $$ BEGIN
    CREATE ROLE {user} LOGIN IN ROLE {role};
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
"""
_PASSWORD = "ALTER ROLE {user} PASSWORD %(verifier)s"  # noqa: S105 - a statement


@dataclass(frozen=True, slots=True)
class Login:
    """One of the two, and its password."""

    user: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if self.user not in LOGINS:
            raise ValueError(f"the application logs in as {' or '.join(LOGINS)}, not as {self.user}")

    @classmethod
    def from_json(cls, text: str) -> Login:
        """As Secrets Manager keeps it. ValueError when it is no login; never quotes it."""
        try:
            kept = orjson.loads(text)
            return cls(kept["username"], kept["password"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise ValueError('expected {"username": …, "password": …}') from None

    def to_json(self) -> str:
        return orjson.dumps({"username": self.user, "password": self.password}).decode()

    def successor(self) -> Login:
        """The other one, with a password that nobody has used."""
        other = LOGINS[1 - LOGINS.index(self.user)]
        return Login(other, secrets.token_urlsafe(36))


async def allow(dsn: str, login: Login) -> None:
    """Let the login in, as the owner. May be repeated, also with a login that is no longer the one in force."""
    connection = await connect(
        DatabaseOptions(
            dsn=dsn,
            application_name="aegistickets-logins",
            lock_timeout=5.0,
            statement_timeout=10.0,
            client_timeout=15.0,
        )
    )
    try:
        await connection.execute(_ROLE)
        await connection.execute(_LOGIN.format(user=login.user, role=ROLE))
        await _set_password(connection, login)
    finally:
        connection.close()


async def _set_password(connection: Connection, login: Login) -> None:
    """Sent as its verifier, so that no log of statements ever holds the password."""
    verifier = connection.password_verifier(login.user, login.password)
    await connection.execute(_PASSWORD.format(user=login.user), {"verifier": verifier})
