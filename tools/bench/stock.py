"""Events to sell, written straight into the tables, and what was sold of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg2

from tools.console import Failure

_WAIT_SECONDS = 5.0

_EVENTS = """
INSERT INTO event (slug, name, venue, city, starts_at, timezone, currency, refundable_until)
SELECT %(name)s || '-' || n, 'Event ' || n, 'Hall', 'Dublin', now() + interval '300 days' + n * interval '1 minute',
    'Europe/Dublin', 'EUR', now() + interval '290 days'
FROM generate_series(1, %(events)s) AS n RETURNING id
"""
_POOLS = """
INSERT INTO pool (event_id, name, capacity, available)
SELECT id, 'Floor', %(capacity)s, %(capacity)s FROM event WHERE id = ANY (%(ids)s)
"""
_TYPES = """
INSERT INTO ticket_type (event_id, pool_id, name, price_minor, on_sale_at, off_sale_at)
SELECT event_id, id, 'Floor', %(price)s, now() - interval '1 day', now() + interval '299 days'
FROM pool WHERE event_id = ANY (%(ids)s) RETURNING event_id, pool_id, id
"""
_HELD = """
INSERT INTO hold (id, basket_id, event_id, ticket_type_id, pool_id, quantity, unit_price_minor, currency, expires_at)
SELECT uuidv7(), uuidv7(), t.event_id, t.id, t.pool_id, 2, t.price_minor, 'EUR', now() + interval '1 day'
FROM generate_series(1, %(each)s / 2), ticket_type t WHERE t.event_id = ANY (%(ids)s)
"""
_TAKEN = "UPDATE pool SET available = available - %(each)s WHERE event_id = ANY (%(ids)s)"


@dataclass(frozen=True, slots=True)
class Event:
    """One with one pool and one ticket type, general admission."""

    id: int
    pool_id: int
    type_id: int


class Stock:
    """The tables of one database."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def publish(self, name: str, *, capacity: int, price: int = 0, events: int = 1) -> list[Event]:
        """So many events on sale, with so many tickets each. price in cents."""
        with self._cursor() as cursor:
            cursor.execute(_EVENTS, {"name": name, "events": events})
            ids = [event_id for (event_id,) in cursor.fetchall()]
            cursor.execute(_POOLS, {"ids": ids, "capacity": capacity})
            cursor.execute(_TYPES, {"ids": ids, "price": price})
            return [Event(*row) for row in cursor.fetchall()]

    def hold(self, events: list[Event], *, each: int) -> None:
        """Hold tickets of every event, two to a customer."""
        with self._cursor() as cursor:
            values = {"ids": [event.id for event in events], "each": each}
            cursor.execute(_HELD, values)
            cursor.execute(_TAKEN, values)

    def left(self, event: Event) -> int:
        return int(self.value("SELECT available FROM pool WHERE id = %(pool)s", {"pool": event.pool_id}))

    def backlog(self) -> int:
        """What the worker still has to do: events to relay, webhooks to process."""
        return int(
            self.value(
                "SELECT (SELECT count(*) FROM outbox WHERE routed_at IS NULL) + (SELECT count(*) FROM delivery"
                " WHERE status = 'pending') + (SELECT count(*) FROM webhook_inbox WHERE processed_at IS NULL)"
            )
        )

    def value(self, statement: str, values: Any = None) -> Any:
        with self._cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()[0]

    def wait_for(self, question: str, *values: object) -> None:
        """Until the answer is true, for which the server needs a moment."""
        give_up = time.monotonic() + _WAIT_SECONDS
        while not self.value(question, values):
            if time.monotonic() > give_up:
                raise Failure(f"not within {_WAIT_SECONDS:.0f} s: {question}")
            time.sleep(0.02)

    def run(self, *statements: str) -> None:
        """Outside a transaction, each by itself."""
        with closing(psycopg2.connect(self.dsn)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """In a transaction that ends with the block."""
        with closing(psycopg2.connect(self.dsn)) as connection, connection, connection.cursor() as cursor:
            yield cursor
