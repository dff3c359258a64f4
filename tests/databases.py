"""Migrated databases for tests, emptied after use and given out again: making one takes far longer."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2

from tools.programs.postgres import Server

# What a test left in it goes: whoever is connected, rows, and the numbers that were given out.
_EMPTY = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
DO $$
DECLARE
    name text;
    filled boolean;
    full_ones text[] := '{}';
BEGIN
    FOR name IN SELECT oid::regclass FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'schema_migrations'
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || name || ')' INTO filled;
        IF filled THEN full_ones := full_ones || name; END IF;
    END LOOP;
    IF full_ones <> '{}' THEN EXECUTE 'TRUNCATE ' || array_to_string(full_ones, ', ') || ' CASCADE'; END IF;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""
# Changes with every table, column, function, rule, setting and permission.
_SHAPE = """
SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
    SELECT concat_ws(' ', oid, relname, relkind, relacl, reloptions) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'function ' || concat_ws(' ', oid, xmin) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'column ' || concat_ws(' ', attrelid, attname, xmin) FROM pg_attribute
    WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL SELECT 'constraint ' || concat_ws(' ', oid, xmin) FROM pg_constraint
    UNION ALL SELECT 'trigger ' || concat_ws(' ', oid, xmin) FROM pg_trigger
    UNION ALL SELECT 'schema ' || concat_ws(' ', oid, xmin) FROM pg_namespace WHERE nspname !~ '^pg_'
    UNION ALL SELECT 'history ' || xmin FROM schema_migrations
    UNION ALL SELECT 'setting ' || concat_ws(' ', setdatabase, setrole, setconfig) FROM pg_db_role_setting
) AS parts (part)
"""


class Databases:
    """Those of one server that nobody uses at present."""

    def __init__(self, server: Server, template: str) -> None:
        self._server, self._template = server, template
        self._free: list[tuple[str, str]] = []  # name and shape
        self._made = 0

    @contextmanager
    def one(self) -> Iterator[str]:
        """The DSN of a database that looks as if it had just been migrated."""
        name, shape = self._free.pop() if self._free else self._make()
        yield self._server.dsn_of(name)
        if self._emptied(name) == shape:
            self._free.append((name, shape))
        else:
            self._server.drop_database(name)

    def _make(self) -> tuple[str, str]:
        self._made += 1
        name = f"shop_{self._made}"
        self._server.create_database(name, template=self._template)
        return name, self._emptied(name)

    def _emptied(self, name: str) -> str:
        """Its shape, once it is."""
        with closing(psycopg2.connect(self._server.dsn_of(name))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in (_EMPTY, _SHAPE):
                    cursor.execute(statement)
                ((shape,),) = cursor.fetchall()
        return str(shape)
