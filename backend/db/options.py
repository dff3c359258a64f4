"""How a process talks to PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DatabaseOptions:
    """Limits of one process towards one database. Times are in seconds; 0 switches a timeout off.

    A lock must give up before its statement, the statement before the client, and the client before the request:
    the first to give up knows best what happened.
    """

    dsn: str
    application_name: str = "aegistickets"  # shows in pg_stat_activity
    maxsize: int = 10
    max_waiting: int = 1000  # more callers than this are turned away at once; before that, gate_timeout bounds them
    gate_timeout: float = 0.25
    lock_timeout: float = 0.2
    statement_timeout: float = 0.5
    client_timeout: float = 0.75
    connect_timeout: float = 2.0
    max_age: float = 1800.0  # a fifth more or less, so that connections do not all go at once
    idle_in_transaction_timeout: float = 5.0
    connection_check_interval: float = 0.25  # how soon the server notices that nobody waits for its answer

    def __post_init__(self) -> None:
        if self.maxsize < 1:
            raise ValueError("maxsize must be at least 1")
        if self.max_waiting < 1:
            raise ValueError("max_waiting must be at least 1")
        limits = (self.lock_timeout, self.statement_timeout, self.client_timeout)
        given = [limit for limit in limits if limit > 0]
        if given != sorted(set(given)):
            raise ValueError("timeouts must grow: lock_timeout < statement_timeout < client_timeout")

    def session_settings(self) -> str:
        """Server settings for libpq's `options`; sent with the connection request, so they cost no round trip."""
        milliseconds = {
            "lock_timeout": self.lock_timeout,
            "statement_timeout": self.statement_timeout,
            "idle_in_transaction_session_timeout": self.idle_in_transaction_timeout,
            "client_connection_check_interval": self.connection_check_interval,
        }
        settings = [f"-c {name}={round(seconds * 1000)}" for name, seconds in milliseconds.items()]
        return " ".join([*settings, "-c timezone=UTC"])
