"""From the outbox to the sinks, on the real database: at least once, each sink at its own pace."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest

from backend.db.errors import Busy, ConnectionLost, Rejected, Unavailable
from backend.db.listen import listen
from backend.db.pool import Database
from backend.messaging import relay as relay_module
from backend.messaging.events import Failure, OutboxEvent, Outcome
from backend.messaging.relay import Retries
from tests.box_office import BoxOffice, eventually
from tests.messaging.post_room import Meters, Outbox, Recorder, holds, refuse, relay_to, running, truth


async def test_an_event_reaches_each_sink_that_wants_it_and_no_other(db: Database, outbox: Outbox) -> None:
    orders = Recorder(name="orders", wants=frozenset({"order.*"}))
    paid = Recorder(name="paid", wants=frozenset({"order.paid", "order.*"}))
    refunds = Recorder(name="refunds", wants=frozenset({"refund.done"}))
    (first,) = await outbox.add("order.paid")
    (second,) = await outbox.add("order.placed")
    await outbox.add("orders.paid")
    async with running(relay_to(db, orders, paid, refunds)):
        await eventually(outbox.empty)
    assert (orders.got, paid.got, refunds.got) == ([first, second], [first, second], [])


async def test_a_sink_gets_the_event_as_it_was_written(db: Database, outbox: Outbox) -> None:
    seen: list[OutboxEvent] = []

    def look(event: OutboxEvent) -> Outcome:
        seen.append(event)
        return "relayed"

    await outbox.add("order.paid", total_minor=9999, currency="EUR")
    async with running(relay_to(db, Recorder(answer=look))):
        await eventually(outbox.empty)
    (event,) = seen
    assert (event.type, event.order_id, event.payload) == ("order.paid", None, {"total_minor": 9999, "currency": "EUR"})
    assert event.created_at.utcoffset() is not None


async def test_events_that_nobody_wants_are_only_marked_routed(db: Database, outbox: Outbox) -> None:
    await outbox.add("tickets.held", 1200, event_id=1)
    relay = relay_to(db, Recorder())
    assert [await relay.route() for _ in range(3)] == [True, True, False]
    assert await outbox.empty()


async def test_a_sink_for_addresses_is_spared_the_orders_without_one(
    db: Database, outbox: Outbox, meters: Meters
) -> None:
    mail = Recorder(name="mail", needs_address=True, wants=frozenset({"order.paid", "order.*"}))
    ledger = Recorder(name="ledger")
    await db.execute(
        "INSERT INTO orders (id, basket_id, email, status, total_minor, currency) VALUES"
        " ('00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'ana@example.com', 'paid', 0, 'EUR'),"
        " ('00000000-0000-0000-0000-000000000002', gen_random_uuid(), NULL, 'paid', 0, 'EUR');"
        "INSERT INTO outbox (type, order_id, payload) SELECT 'order.paid', id, '{}' FROM orders ORDER BY id"
    )
    addressed, silent = [row[0] for row in await db.fetch_all("SELECT id FROM outbox ORDER BY id")]
    async with running(relay_to(db, mail, ledger, metrics=meters)):
        await eventually(outbox.empty)
    assert (mail.got, ledger.got) == ([addressed], [addressed, silent])
    assert meters.relayed.figures == {("mail", "skipped"): 1, ("mail", "relayed"): 1, ("ledger", "relayed"): 2}


async def test_a_relay_without_sinks_routes_as_well(db: Database, outbox: Outbox) -> None:
    await outbox.add("order.paid")
    await relay_to(db).route()
    assert await outbox.empty()


async def test_a_crash_between_handing_over_and_recording_it_delivers_again(db: Database, outbox: Outbox) -> None:
    (event,) = await outbox.add()
    crashed, successor = Recorder(held=asyncio.Event()), Recorder()
    relay = relay_to(db, crashed)
    await relay.route()
    worker = asyncio.create_task(relay._deliver(crashed))
    await eventually(lambda: truth(crashed.got))
    worker.cancel()  # the events have left, the outcome is not recorded
    await asyncio.wait([worker])
    assert await relay_to(db, successor).deliver(successor) is False
    assert successor.got == [], "it is leased to the one that crashed"
    await outbox.lease_is_over()
    await relay_to(db, successor).deliver(successor)
    assert successor.got == [event]
    assert await outbox.empty()


async def test_an_outcome_is_recorded_through_a_short_outage(
    db: Database, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await outbox.add()
    sink = Recorder()
    relay = relay_to(db, sink)
    await relay.route()
    execute, outage = db.execute, iter([Unavailable("going"), ConnectionLost("gone"), Busy("coming back")])

    async def interrupted(*args: Any, **more: Any) -> int:
        for error in outage:
            raise error
        return await execute(*args, **more)

    monkeypatch.setattr(relay_module, "RECORD_PAUSE", 0.001)
    monkeypatch.setattr(db, "execute", interrupted)
    await relay.deliver(sink)
    assert await outbox.empty()


async def test_a_relay_that_is_told_to_stop_records_what_it_has_handed_over(db: Database, outbox: Outbox) -> None:
    await outbox.add()
    sink = Recorder(held=asyncio.Event())
    async with running(relay_to(db, sink)):
        await eventually(lambda: truth(sink.got))
        asyncio.get_running_loop().call_later(0.05, sink.held.set)  # type: ignore[union-attr] # it is there by now
    assert await outbox.empty()


async def test_a_failing_sink_holds_up_no_other(db: Database, outbox: Outbox) -> None:
    broken, works = Recorder(name="broken", answer=refuse), Recorder(name="works")
    events = await outbox.add(number=50)
    async with running(relay_to(db, broken, works, retries=Retries(first=60))):
        await eventually(lambda: truth(len(works.got) == 50))
    assert works.got == events
    assert {row[:1] + row[2:] for row in await outbox.deliveries()} == {("broken", "pending", 1)}


async def test_a_hanging_sink_holds_up_no_other(db: Database, outbox: Outbox) -> None:
    answers = asyncio.Event()
    hangs, works = Recorder(name="hangs", held=answers, timeout=60), Recorder(name="works")
    events = await outbox.add(number=50)
    async with running(relay_to(db, hangs, works)):
        await eventually(lambda: truth(works.got == events))
        answers.set()
        await eventually(outbox.empty)


async def test_a_sink_that_never_answers_has_failed_when_its_time_is_over(db: Database, outbox: Outbox) -> None:
    (event,) = await outbox.add()
    sink = Recorder(held=asyncio.Event(), timeout=0.05)
    async with running(relay_to(db, sink)):
        await eventually(lambda: holds(outbox.deliveries(), [("recorder", event, "dead", 3)]))
    assert await outbox.errors() == ["no answer within 0.05 s"]


async def test_a_sink_that_raises_or_miscounts_fails_all_it_was_given(db: Database, outbox: Outbox) -> None:
    class Raises(Recorder):
        async def deliver(self, events: Sequence[OutboxEvent]) -> Sequence[Outcome]:
            raise OSError(f"no route to {len(events)} hosts\0")

    class Miscounts(Recorder):
        async def deliver(self, events: Sequence[OutboxEvent]) -> Sequence[Outcome]:
            return ["relayed"] * (len(events) + 1)

    await outbox.add()
    for sink in (Raises(), Miscounts()):
        relay = relay_to(db, sink)
        await relay.route()
        await outbox.lease_is_over()
        await relay.deliver(sink)
        text = (
            "OSError: no route to 1 hosts" if isinstance(sink, Raises) else "the sink answered 2 outcomes for 1 events"
        )
        assert await outbox.errors() == [text]


async def test_in_a_batch_each_event_has_its_own_outcome(db: Database, outbox: Outbox, meters: Meters) -> None:
    good, bad, ugly, idle = await outbox.add(number=4)
    answers: dict[int, Outcome] = {
        good: "relayed",
        bad: Failure("later"),
        ugly: Failure("never", for_good=True),
        idle: "skipped",
    }
    sink = Recorder(answer=lambda event: answers[event.id])
    relay = relay_to(db, sink, metrics=meters, retries=Retries(first=60))
    await relay.route()
    await relay.deliver(sink)
    assert await outbox.deliveries() == [("recorder", bad, "pending", 1), ("recorder", ugly, "dead", 1)]
    assert meters.relayed.figures == {
        ("recorder", "relayed"): 1,
        ("recorder", "skipped"): 1,
        ("recorder", "failed"): 1,
        ("recorder", "dead"): 1,
    }


async def test_after_the_last_attempt_a_delivery_is_a_dead_letter_with_its_reason(db: Database, outbox: Outbox) -> None:
    (event,) = await outbox.add()
    sink = Recorder(answer=refuse)
    async with running(relay_to(db, sink, retries=Retries(attempts=4, first=0.01, longest=0.01))):
        await eventually(lambda: holds(outbox.deliveries(), [("recorder", event, "dead", 4)]))
    assert sink.got == [event] * 4
    assert await outbox.errors() == ["the printer is on fire"]


def test_ten_attempts_take_a_few_hours_with_pauses_that_grow() -> None:
    retries = Retries()
    pauses = [retries.pause(failures) for failures in range(1, retries.attempts)]
    assert 1.5 <= pauses[0] <= 2.5
    assert pauses[-1] <= 1.25 * 3600
    assert 2 * 3600 <= sum(pauses) <= 5 * 3600


async def test_two_relays_at_once_deliver_each_event_once(db: Database, outbox: Outbox) -> None:
    events = await outbox.add(number=1500)
    one, other = Recorder(concurrency=2), Recorder(concurrency=2)
    async with running(relay_to(db, one), relay_to(db, other)):
        await eventually(outbox.empty)
    assert Counter(one.got + other.got) == Counter(events)


async def test_a_sink_gets_its_events_in_their_order(db: Database, outbox: Outbox) -> None:
    events = await outbox.add(number=1200)
    sink = Recorder()
    async with running(relay_to(db, sink)):
        await eventually(outbox.empty)
    assert sink.got == events


async def test_a_backlog_is_routed_and_delivered_faster_than_a_sale_fills_it(db: Database, outbox: Outbox) -> None:
    await outbox.add("tickets.held", 8000, event_id=7)
    await outbox.add("order.paid", 2000)
    sink = Recorder(batch=100)
    begun = time.monotonic()
    async with running(relay_to(db, sink)):
        await eventually(outbox.empty, within=20)
    assert 10_000 / (time.monotonic() - begun) > 2000, "events a second"


async def test_one_notification_names_the_events_whose_tickets_moved(
    db: Database, outbox: Outbox, box_office: BoxOffice, dsn: str
) -> None:
    hall = await box_office.publish(seated=True, capacity=1)
    await db.execute(
        "INSERT INTO hold (id, basket_id, event_id, ticket_type_id, pool_id, quantity, unit_price_minor, currency,"
        " expires_at, order_id, seat_ids) VALUES (gen_random_uuid(), gen_random_uuid(), %(event)s, 1, 1, 1, 1, 'EUR',"
        " now(), '00000000-0000-0000-0000-000000000001', '{1}');"
        "INSERT INTO outbox (type, order_id, payload) VALUES"
        " ('order.paid', '00000000-0000-0000-0000-000000000001', '{}')",
        {"event": hall.event_id},
    )
    await outbox.add("tickets.held", 3, event_id=71)
    await outbox.add("tickets.released", event_id=72)
    await outbox.add("basket.extended", basket_id="b")
    async with aclosing(listen(dsn, ["availability"])) as news:
        await anext(news)  # listening from here on
        await relay_to(db).route()
        ((_, payload),) = (await anext(news)).notices
    assert sorted(json.loads(payload)) == sorted([71, 72, hall.event_id])


async def test_a_batch_about_many_events_stays_below_what_a_notification_may_hold(db: Database, outbox: Outbox) -> None:
    await db.execute(
        "INSERT INTO outbox (type, payload) SELECT 'tickets.held', jsonb_build_object('event_id', 9e17::bigint + n)"
        " FROM generate_series(1, 500) AS n"
    )
    assert await relay_to(db).route() is True
    assert await outbox.empty()


async def test_a_backlog_that_cannot_be_read_has_no_figures(db: Database, outbox: Outbox, meters: Meters) -> None:
    relay = relay_to(db, metrics=meters)
    await outbox.add()
    await relay.measure()
    assert meters.outbox_pending.figures[()] == 1
    await db.execute("ALTER TABLE outbox RENAME TO elsewhere")
    with pytest.raises(Rejected):
        await relay.measure()
    assert (meters.outbox_pending.figures, meters.outbox_oldest.figures) == ({}, {})


async def test_the_backlog_is_measured_without_dead_letters(db: Database, outbox: Outbox, meters: Meters) -> None:
    sink = Recorder(answer=lambda _event: Failure("never", for_good=True))
    relay = relay_to(db, sink, metrics=meters)
    await relay.measure()
    assert (meters.outbox_pending.figures[()], meters.outbox_oldest.figures[()]) == (0, 0)
    await outbox.add(number=2)
    await db.execute("UPDATE outbox SET created_at = now() - interval '1 minute'")
    await relay.measure()
    assert meters.outbox_pending.figures[()] == 2
    assert 60 <= meters.outbox_oldest.figures[()] < 70
    await relay.route()
    await relay.measure()
    assert meters.outbox_pending.figures[()] == 2
    await relay.deliver(sink)
    await relay.measure()
    assert meters.outbox_pending.figures[()] == 0
