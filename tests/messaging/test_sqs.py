"""Domain events out of an SQS queue into a sink."""

import pytest

from backend.db.errors import DatabaseError
from backend.db.pool import Database
from backend.messaging import sqs
from backend.messaging.sinks.sns import SnsSink
from backend.messaging.sqs import SqsConsumer
from tests.box_office import eventually
from tests.messaging.cloud import EVENT, Cloud
from tests.messaging.post_room import Outbox, Recorder, refuse, relay_to, running, truth


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqs, "WAIT_SECONDS", 0)


@pytest.mark.parametrize("raw", ["true", "false"])
async def test_an_event_goes_from_the_outbox_over_topic_and_queue_to_the_far_sink(
    cloud: Cloud, db: Database, outbox: Outbox, raw: str
) -> None:
    url, arn = await cloud.queue(f"mail-{raw}")
    near = SnsSink(await cloud.topic(f"events-{raw}", arn, raw=raw), cloud.options)
    far = Recorder(name="mail")
    consumer = SqsConsumer(db, url, far, cloud.options)
    events = await outbox.add("order.paid", 25)
    await outbox.add("order.placed")
    async with running(relay_to(db, near), consumer):
        await eventually(lambda: truth(len(far.got) == 25), within=20)
        await eventually(lambda: holds_nothing(cloud, url))
    await near.close()
    await consumer.close()
    assert sorted(far.got) == events
    assert await db.fetch_value("SELECT count(*) FROM consumed WHERE consumer = 'mail'") == 25


async def holds_nothing(cloud: Cloud, url: str) -> bool:
    return await cloud.waiting(url) == 0


async def test_a_message_that_comes_again_is_only_removed(cloud: Cloud, db: Database) -> None:
    url, _ = await cloud.queue("again")
    sink = Recorder(name="mail")
    consumer = SqsConsumer(db, url, sink, cloud.options)
    for _ in range(2):
        await cloud.send(url, EVENT.to_json())
        await cloud.send(url, EVENT.to_json())
        await consumer.consume()
    await consumer.close()
    assert sink.got == [EVENT.id]
    assert await cloud.waiting(url) == 0


async def test_what_one_consumer_has_done_another_has_still_to_do(cloud: Cloud, db: Database) -> None:
    url, _ = await cloud.queue("both")
    one, other = Recorder(name="mail"), Recorder(name="ledger")
    for sink in (one, other):
        await cloud.send(url, EVENT.to_json())
        consumer = SqsConsumer(db, url, sink, cloud.options)
        await consumer.consume()
        await consumer.close()
    assert (one.got, other.got) == ([EVENT.id], [EVENT.id])


async def test_what_cannot_be_handled_ends_in_the_queues_dead_letters(
    cloud: Cloud, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqs, "VISIBILITY_MARGIN", 0)  # it comes again at once
    url, dead = await cloud.queue_with_dead_letters("refused", receives=3)
    sink = Recorder(name="mail", answer=refuse, timeout=0.4)
    consumer = SqsConsumer(db, url, sink, cloud.options)
    await cloud.send(url, EVENT.to_json())
    await cloud.send(url, "not an event")
    for _ in range(4):
        await consumer.consume()
    await consumer.close()
    assert sink.got == [EVENT.id] * 3
    assert (await cloud.waiting(url), await cloud.waiting(dead)) == (0, 2)
    assert await db.fetch_value("SELECT count(*) FROM consumed") == 0


async def test_while_the_database_is_away_messages_stay_in_the_queue(cloud: Cloud, db: Database) -> None:
    url, _ = await cloud.queue("patient")
    sink = Recorder(name="mail")
    consumer = SqsConsumer(db, url, sink, cloud.options)
    await cloud.send(url, EVENT.to_json())
    await db.close()
    with pytest.raises(DatabaseError):
        await consumer.consume()
    await consumer.close()
    assert sink.got == []
    assert await cloud.waiting(url) == 1
