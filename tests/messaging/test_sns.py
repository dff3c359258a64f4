"""Domain events onto an SNS topic."""

import json
from dataclasses import replace
from typing import Any

import pytest

from backend.db.pool import Database
from backend.messaging.aws import AwsClient
from backend.messaging.events import Failure, OutboxEvent
from backend.messaging.sinks.sns import SnsSink
from tests.messaging.cloud import EVENT, Cloud
from tests.messaging.post_room import Outbox, relay_to


async def test_a_published_event_carries_its_id_and_type(cloud: Cloud) -> None:
    url, arn = await cloud.queue("plain")
    sink = SnsSink(await cloud.topic("plain", arn), cloud.options)
    assert await sink.deliver([EVENT]) == ["relayed"]
    await sink.close()
    (message,) = await cloud.receive(url)
    assert OutboxEvent.from_json(message["Body"]) == EVENT
    attributes = {name: found["StringValue"] for name, found in message["MessageAttributes"].items()}
    assert attributes == {"id": "7", "type": "order.paid"}


async def test_a_fifo_topic_drops_a_repeat_by_the_events_id(cloud: Cloud) -> None:
    url, arn = await cloud.queue("in-order.fifo", FifoQueue="true")
    sink = SnsSink(await cloud.topic("in-order.fifo", arn, FifoTopic="true"), cloud.options)
    assert await sink.deliver([EVENT, replace(EVENT, id=8)]) == ["relayed"] * 2
    assert await sink.deliver([EVENT]) == ["relayed"]
    await sink.close()
    assert [json.loads(message["Body"])["id"] for message in await cloud.receive(url)] == [7, 8]


async def test_events_too_big_for_one_call_go_in_several(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    url, arn = await cloud.queue("big")
    sink = SnsSink(await cloud.topic("big", arn), cloud.options)
    events = [replace(EVENT, id=number, payload={"holds": "x" * 100_000}) for number in range(5)]
    call, sizes = AwsClient.call, []

    async def measured(client: AwsClient, operation: str, **arguments: Any) -> dict[str, Any]:
        sizes.append(sum(len(entry["Message"]) for entry in arguments["PublishBatchRequestEntries"]))
        return await call(client, operation, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(AwsClient, "call", measured)
        assert await sink.deliver(events) == ["relayed"] * 5
    await sink.close()
    assert len(sizes) > 1
    assert max(sizes) < 262_144, "SNS takes no more"
    assert await cloud.waiting(url) == 5


async def test_what_sns_refuses_of_a_batch_fails_alone(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    sink = SnsSink("arn:aws:sns:eu-west-1:111122223333:any", cloud.options)

    async def answer(*_: object, **__: object) -> dict[str, Any]:
        later = {"Id": "7", "Code": "InternalError", "SenderFault": False}
        never = {"Id": "8", "Code": "InvalidParameter", "Message": "too odd", "SenderFault": True}
        return {"Successful": [{"Id": "9"}], "Failed": [later, never]}

    monkeypatch.setattr(AwsClient, "call", answer)
    assert await sink.deliver([EVENT, replace(EVENT, id=8), replace(EVENT, id=9)]) == [
        Failure("SNS: InternalError: "),
        Failure("SNS: InvalidParameter: too odd", for_good=True),
        "relayed",
    ]


async def test_a_topic_that_does_not_exist_keeps_the_events_in_the_outbox(
    cloud: Cloud, db: Database, outbox: Outbox
) -> None:
    (event,) = await outbox.add()
    sink = SnsSink("arn:aws:sns:eu-west-1:123456789012:missing", cloud.options)
    relay = relay_to(db, sink)
    await relay.route()
    await relay.deliver(sink)
    await sink.close()
    assert await outbox.deliveries() == [("sns", event, "pending", 1)]
