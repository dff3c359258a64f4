"""Dead letters come back when asked, and the outbox forgets what is old."""

from datetime import timedelta

from backend.db.pool import Database
from backend.messaging.upkeep import Upkeep, redrive
from tests.box_office import eventually
from tests.messaging.post_room import Outbox, Recorder, refuse, relay_to, running

OLD = "UPDATE outbox SET created_at = now() - interval '36 days' WHERE id = ANY (%(ids)s)"


async def bury(db: Database, outbox: Outbox, sink: str) -> list[int]:
    """Events that this sink has refused for the last time."""
    events = await outbox.add(number=2)
    async with running(relay_to(db, Recorder(name=sink, answer=refuse))):
        await eventually(lambda: outbox.all_are(sink, "dead"))
    return events


async def test_dead_letters_of_one_sink_are_delivered_after_a_redrive(db: Database, outbox: Outbox) -> None:
    events = await bury(db, outbox, "mail")
    await bury(db, outbox, "sns")
    assert await redrive(db, "mail") == 2
    repaired = Recorder(name="mail")
    async with running(relay_to(db, repaired)):
        await eventually(lambda: outbox.has_delivered("mail"))
    assert repaired.got == events
    assert {row[0] for row in await outbox.deliveries()} == {"sns"}


async def test_a_redrive_without_a_name_is_for_all_sinks_and_gives_all_attempts_again(
    db: Database, outbox: Outbox
) -> None:
    await bury(db, outbox, "mail")
    await bury(db, outbox, "sns")
    assert await redrive(db) == 4
    assert {row[2:] for row in await outbox.deliveries()} == {("pending", 0)}
    assert await redrive(db) == 0


async def test_old_events_are_deleted_but_not_an_orders_nor_undelivered_ones(db: Database, outbox: Outbox) -> None:
    forgotten = await outbox.add("tickets.held", 2500)
    await relay_to(db).route()
    undelivered = await outbox.add("order.paid")
    of_an_order = await outbox.add("order.placed")
    await db.execute("UPDATE outbox SET order_id = gen_random_uuid() WHERE type = 'order.placed'")
    relay = relay_to(db, Recorder())
    while await relay.route():
        pass
    unrouted = await outbox.add("tickets.held")
    await db.execute(OLD, {"ids": forgotten + undelivered + of_an_order + unrouted})
    young = await outbox.add("tickets.held")
    await Upkeep(db).sweep()
    left = [row[0] for row in await db.fetch_all("SELECT id FROM outbox ORDER BY id")]
    assert left == undelivered + of_an_order + unrouted + young


async def test_a_later_sweep_goes_on_where_the_last_one_ended(db: Database, outbox: Outbox) -> None:
    upkeep = Upkeep(db)
    events = await outbox.add("tickets.held", 2)
    await relay_to(db).route()
    for event in events:
        await db.execute(OLD, {"ids": [event]})
        await upkeep.sweep()
        assert await db.fetch_value("SELECT count(*) FROM outbox WHERE id = %(id)s", {"id": event}) == 0


async def test_marks_of_consumed_events_are_deleted_with_age(db: Database) -> None:
    await db.execute(
        "INSERT INTO consumed (consumer, outbox_id, consumed_at)"
        " SELECT 'mail', n, now() - n * interval '1 minute' FROM generate_series(1, 2500) AS n"
    )
    await db.execute("UPDATE consumed SET outbox_id = 5000 - outbox_id")  # the oldest first, as they come
    await Upkeep(db, ["mail"], keep=timedelta(minutes=10.5)).sweep()
    assert await db.fetch_value("SELECT count(*) FROM consumed") == 10
