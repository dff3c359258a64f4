"""Any order of hold, add, extend, expire, pay, decline, pay late, pay twice, cancel: stock, seats and money agree.

Drives the database functions themselves, which is where every one of these steps is decided.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, ClassVar
from uuid import UUID

import psycopg2
import psycopg2.extras
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from backend.features.inventory.sweeps import INVARIANTS

Execute = Callable[..., list[tuple[Any, ...]]]

_SHOP = """
INSERT INTO event (id, slug, name, venue, city, starts_at, timezone, currency, refundable_until, cancellation_fee_bp)
VALUES (1, 'a', 'A', 'V', 'C', now() + interval '30 days', 'UTC', 'EUR', now() + interval '20 days', 1000);
INSERT INTO pool (id, event_id, name, capacity, available)
VALUES (1, 1, 'floor', 12, 12), (2, 1, 'hall', 5, 5), (3, 1, 'free', 9, 9);
INSERT INTO ticket_type (id, event_id, pool_id, name, price_minor, seated, on_sale_at, off_sale_at)
SELECT n, 1, n, n::text, price, n = 2, now() - interval '1 day', now() + interval '9 days'
FROM (VALUES (1, 1000), (2, 555), (3, 0)) AS t(n, price);
INSERT INTO seat (id, event_id, pool_id, ticket_type_id, row_label, number)
SELECT n, 1, 2, 2, 'A', n FROM generate_series(1, 5) AS n;
"""
_EACH = "ARRAY[cardinality(%(types)s)]"
_HOLD = f"""
SELECT result, basket FROM hold_tickets_v1(
    array_fill(1, {_EACH}), %(ids)s::uuid[], array_fill(%(basket)s::uuid, {_EACH}),
    array_fill(%(known)s::uuid, {_EACH}), array_fill(true, {_EACH}), array_fill(NULL::text, {_EACH}),
    array_fill(NULL::text, {_EACH}), %(types)s, %(quantities)s, %(seats)s, '{{1,2,3}}',
    interval '10 minutes', NULL, NULL)
WHERE result <> 'swept'
"""
_CHECKOUT = """
SELECT result, payment, order_id FROM checkout_v1(
    ARRAY[%s]::uuid[], ARRAY[%s]::uuid[], ARRAY[%s]::uuid[], ARRAY['a@b.example'], ARRAY['A'], ARRAY[%s]::text[],
    ARRAY[%s]::text[], ARRAY['hosted'], 'test', interval '15 minutes')
"""
_SETTLE = """
SELECT result FROM settle_v1(
    ARRAY[%s]::uuid[], ARRAY[%s], ARRAY[%s], ARRAY[NULL::text], ARRAY[NULL::text], interval '2 minutes')
"""

lines = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([1, 3]), st.integers(1, 4), st.just(())),
        st.tuples(st.just(2), st.integers(1, 3), st.just(())),
        st.sets(st.integers(1, 5), min_size=1, max_size=3).map(lambda seats: (2, len(seats), tuple(sorted(seats)))),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda line: line[0],
)


class Shop(RuleBasedStateMachine):
    execute: ClassVar[Execute]
    baskets = Bundle("baskets")
    payments = Bundle("payments")

    def __init__(self) -> None:
        super().__init__()
        self.numbers = count(1)
        self.attempts: dict[str, tuple[str, UUID]] = {}  # of each key, the body and the order that it bought
        self.execute("TRUNCATE event, pool, ticket_type, seat, hold, orders, attempt, ticket, payment, refund, outbox")
        self.execute(_SHOP)

    def new_id(self) -> UUID:
        """The same in every run of the same steps: their order decides who is locked and released first."""
        return UUID(int=next(self.numbers))

    @rule(target=baskets, wanted=lines)
    def hold(self, wanted: list[tuple[int, int, tuple[int, ...]]]) -> Any:
        return self._hold(wanted, None)

    @rule(target=baskets, wanted=lines, basket=baskets)
    def add(self, wanted: list[tuple[int, int, tuple[int, ...]]], basket: UUID) -> Any:
        self._hold(wanted, basket)
        return multiple()

    @rule(basket=baskets)
    def extend(self, basket: UUID) -> None:
        self.execute("SELECT * FROM extend_basket_v1(%s, interval '10 minutes', NULL, NULL)", basket)

    @rule(basket=baskets)
    def empty(self, basket: UUID) -> None:
        self.execute("SELECT release_basket_v1(%s, NULL)", basket)

    @rule(basket=baskets, number=st.integers(0, 2))
    def remove_line(self, basket: UUID, number: int) -> None:
        held = self.execute("SELECT id FROM hold WHERE basket_id = %s ORDER BY id", basket)
        if number < len(held):
            self.execute("SELECT release_basket_v1(%s, %s)", basket, held[number][0])

    @rule(basket=baskets)
    def time_runs_out(self, basket: UUID) -> None:
        self.execute("UPDATE hold SET expires_at = now() - interval '1 second' WHERE basket_id = %s", basket)

    @rule()
    def sweep(self) -> None:
        self.execute("SELECT expire_holds_v1(NULL, 100)")
        self.execute("SELECT lapse_orders_v1(100)")

    @rule(pool=st.integers(1, 3))
    def sweep_for_one_pool(self, pool: int) -> None:
        self.execute("SELECT expire_holds_v1(%s, 100)", pool)
        self.execute("SELECT lapse_orders_v1(100, %s)", pool)

    @rule(target=payments, basket=baskets, key=st.sampled_from([None, "k", "l", "m"]), body=st.sampled_from("xy"))
    def check_out(self, basket: UUID, key: str | None, body: str) -> Any:
        [(result, payment, order)] = self.execute(_CHECKOUT, basket, self.new_id(), self.new_id(), key, body)
        if key in self.attempts:
            first = self.attempts[key]
            assert (result, order) == ("exists" if body == first[0] else "mismatch", first[1])
        elif key is not None and result in {"pending", "paid"}:
            self.attempts[key] = body, order
        return payment if result == "pending" else multiple()

    @rule(basket=baskets, closed=st.booleans())
    def check_out_what_is_withdrawn(self, basket: UUID, *, closed: bool) -> None:
        self.execute("UPDATE event SET status = 'withdrawn'")
        if closed:
            self.execute("SELECT 1 FROM pool FOR NO KEY UPDATE; SELECT close_event_v1(1)")
        [(result, *_)] = self.execute(_CHECKOUT, basket, self.new_id(), self.new_id(), None, None)
        assert result not in {"pending", "paid"}
        self.execute("UPDATE event SET status = 'published'")

    @rule(payment=payments)
    def pay_for_what_is_withdrawn(self, payment: UUID) -> None:
        self.execute("UPDATE event SET status = 'withdrawn'")
        [(result,)] = self.execute(_SETTLE, payment, "succeeded", f"ref-{payment}")
        assert result in {"refund-due", "replayed"}
        self.execute("UPDATE event SET status = 'published'")

    @rule(payment=payments, status=st.sampled_from(["processing", "succeeded", "failed", "cancelled"]))
    def provider_reports(self, payment: UUID, status: str) -> None:
        self.execute(_SETTLE, payment, status, f"ref-{payment}")

    @rule(basket=baskets, by=st.sampled_from(["customer", "event"]))
    def cancel(self, basket: UUID, by: str) -> None:
        for (order,) in self.execute("SELECT id FROM orders WHERE basket_id = %s", basket):
            self.execute("SELECT * FROM cancel_order_v1(%s, NULL, %s)", order, by)

    @invariant()
    def everything_agrees(self) -> None:
        assert self.execute(INVARIANTS) == []

    def _hold(self, wanted: list[tuple[int, int, tuple[int, ...]]], known: UUID | None) -> Any:
        [(result, basket)] = self.execute(
            _HOLD,
            types=[line[0] for line in wanted],
            quantities=[line[1] for line in wanted],
            seats=["{" + ",".join(map(str, line[2])) + "}" for line in wanted],
            ids=[self.new_id() for _ in wanted],
            basket=self.new_id(),
            known=known,
        )
        return basket if result == "held" else multiple()


@pytest.fixture
def execute(dsn: str) -> Iterator[Execute]:
    connection = psycopg2.connect(dsn, options="-c synchronous_commit=off")  # only here: thousands of small steps
    connection.autocommit = True
    psycopg2.extras.register_uuid(conn_or_curs=connection)

    def run(sql: str, *positional: object, **named: object) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, positional or named or None)
            return cursor.fetchall() if cursor.description else []

    yield run
    connection.close()


def test_any_interleaving_keeps_the_invariants(execute: Execute) -> None:
    machine = type("Shop", (Shop,), {"execute": staticmethod(execute)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=80, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
