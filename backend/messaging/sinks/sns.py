"""Domain events onto an SNS topic, for queues and whatever else subscribes to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from backend.messaging.aws import AwsClient, AwsOptions
from backend.messaging.events import Failure, OutboxEvent, Outcome

# Holds come by the thousand in a sale and are gone ten minutes later.
LASTING = frozenset({"order.*", "payment.*", "refund.*", "event.*"})

# SNS takes 256 KiB in a call, and an event of a full batch of holds has some 25 kB.
_BYTES_AT_ONCE = 200_000


class SnsSink:
    """Publishes events as JSON, with attributes `id` and `type`: subscribers filter by type, and know a repeat by id.

    On a FIFO topic SNS itself drops repeats of five minutes, and keeps the order of each order's events.
    """

    name = "sns"
    needs_address = False
    batch = 10  # SNS takes no more in a call
    concurrency = 2
    timeout = 40.0  # two calls of two attempts each

    def __init__(self, topic_arn: str, options: AwsOptions, *, wants: frozenset[str] = LASTING) -> None:
        self.wants = wants
        self._topic = topic_arn
        self._client = AwsClient("sns", options)

    async def deliver(self, events: Sequence[OutboxEvent]) -> Sequence[Outcome]:
        """Publish in as few calls as SNS allows."""
        refused: dict[str, Failure] = {}
        for entries in _calls([self._entry(event) for event in events]):
            answer = await self._client.call("publish_batch", TopicArn=self._topic, PublishBatchRequestEntries=entries)
            refused |= {entry["Id"]: _failure(entry) for entry in answer.get("Failed", [])}
        return [refused.get(str(event.id), "relayed") for event in events]

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    def _entry(self, event: OutboxEvent) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "Id": str(event.id),
            "Message": event.to_json(),
            "MessageAttributes": {
                "id": {"DataType": "Number", "StringValue": str(event.id)},
                "type": {"DataType": "String", "StringValue": event.type},
            },
        }
        if self._topic.endswith(".fifo"):
            entry["MessageDeduplicationId"] = str(event.id)
            entry["MessageGroupId"] = str(event.order_id or event.payload.get("event_id", "shop"))
        return entry


def _calls(entries: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The entries in parts that are small enough for a call each."""
    part: list[dict[str, Any]] = []
    size = 0
    for entry in entries:
        length = len(entry["Message"].encode())
        if part and size + length > _BYTES_AT_ONCE:
            yield part
            part, size = [], 0
        part.append(entry)
        size += length
    if part:
        yield part


def _failure(entry: dict[str, Any]) -> Failure:
    """SenderFault: what we sent cannot be taken, however often."""
    reason = f"SNS: {entry.get('Code')}: {entry.get('Message', '')}"
    return Failure(reason, for_good=bool(entry.get("SenderFault")))
