"""What can go wrong with the database, by what the caller can do about it."""

# ruff: noqa: N818 (each name says what happened; that it is an error, its base says)

from __future__ import annotations


class DatabaseError(Exception):
    """Any failure that the database or the way to it reports."""


class Unavailable(DatabaseError):
    """No usable connection: the statement was not carried out. Try again later."""


class ConnectionLost(Unavailable):
    """The connection broke under the statement: whether it was carried out is unknown."""


class NoAnswer(ConnectionLost):
    """The client stopped waiting and closed the connection: the outcome is unknown, and asking again may hang too."""


class Busy(DatabaseError):
    """Every connection stayed in use for as long as a caller may wait, or too many callers wait already."""


class QueryTimeout(DatabaseError):
    """The server cancelled the statement and rolled it back, as it took longer than statement_timeout."""


class LockTimeout(DatabaseError):
    """Others held the needed rows for too long, or each side waited for the other: rolled back, may be tried again."""


class Rejected(DatabaseError):
    """The server refused the statement itself and rolled it back: bad data, a broken constraint, wrong SQL.

    sqlstate: the five characters of PostgreSQL's appendix A. constraint: its name if one was broken.
    position: the character in the statement, from 1, that a syntax error or an unknown name points at.
    """

    def __init__(self, message: str, sqlstate: str, constraint: str | None = None, position: int | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.constraint = constraint
        self.position = position
