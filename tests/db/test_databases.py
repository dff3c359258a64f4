"""A database that is given out again looks as if it had just been migrated."""

from contextlib import closing

import psycopg2
import pytest

from tests.databases import Databases

EVENT = """
INSERT INTO event (slug, name, venue, city, starts_at, timezone, currency, refundable_until)
VALUES ('a', 'A', 'Hall', 'Cork', now(), 'Europe/Dublin', 'EUR', now()) RETURNING id
"""


def ask(dsn: str, statement: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []


def test_rows_and_numbers_of_the_test_before_are_gone(databases: Databases) -> None:
    given = []
    for _ in range(2):
        with databases.one() as dsn:
            given.append(dsn)
            assert ask(dsn, "SELECT count(*) FROM event") == [(0,)]
            assert ask(dsn, EVENT) == [(1,)]
    assert given[0] == given[1]


def test_a_connection_that_was_left_open_is_ended(databases: Databases) -> None:
    with databases.one() as dsn:
        left = psycopg2.connect(dsn)
        left.cursor().execute("LOCK TABLE event")
    with pytest.raises(psycopg2.OperationalError):
        left.cursor().execute("SELECT 1")
    left.close()


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE event ADD COLUMN more text",
        "ALTER TABLE event ALTER COLUMN name DROP NOT NULL",
        "CREATE TABLE more ()",
        "DROP TABLE outbox",
        "CREATE INDEX ON event (name)",
        "CREATE OR REPLACE FUNCTION more() RETURNS void LANGUAGE sql AS ''",
        "GRANT SELECT ON event TO public",
        "CREATE SCHEMA more",
        "DELETE FROM schema_migrations",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$",
    ],
)
def test_one_that_a_test_has_changed_is_not_given_out_again(change: str, databases: Databases) -> None:
    with databases.one() as dsn:
        ask(dsn, change)
    with databases.one() as other:
        assert other != dsn
