"""Events from an SQS queue into a sink: the far end of the SNS topic.

SQS delivers at least once. What was handled is marked in the database before it leaves the queue, so that a message
that comes again is only removed. What cannot be handled stays in the queue, whose redrive policy moves it to its dead
letters.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import orjson

from backend.db.pool import Database
from backend.db.queries import load_queries
from backend.messaging.aws import AwsClient, AwsOptions
from backend.messaging.events import Failure, OutboxEvent, Sink
from backend.messaging.loops import Pause, poll, to_the_end
from backend.messaging.relay import STOP_PATIENCE, hand_over

_log = logging.getLogger(__name__)
queries = load_queries(__package__)

WAIT_SECONDS = 5  # a longer poll would hold up the end of the process
MOST = 10  # SQS gives no more in a call
VISIBILITY_MARGIN = 30.0  # on top of the sink's timeout: what marking and deleting may take


class SqsConsumer:
    """Feeds a sink from a queue; any number of workers may feed from the same."""

    def __init__(self, db: Database, queue_url: str, sink: Sink, options: AwsOptions) -> None:
        self._db = db
        self._queue = queue_url
        self._sink = sink
        self._client = AwsClient("sqs", replace(options, read_seconds=options.read_seconds + WAIT_SECONDS))

    async def run(self) -> None:
        """Until cancelled; what was received by then is handled first."""
        async with asyncio.TaskGroup() as loops:
            for _ in range(self._sink.concurrency):
                loops.create_task(poll(self.consume, f"the queue of {self._sink.name}", Pause(0.0, 0.0)))

    async def consume(self) -> bool:
        """Wait for messages and handle those that come; whether there were any."""
        return await to_the_end(self._consume(), WAIT_SECONDS + STOP_PATIENCE)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _consume(self) -> bool:
        answer = await self._client.call(
            "receive_message",
            QueueUrl=self._queue,
            MaxNumberOfMessages=min(MOST, self._sink.batch),
            WaitTimeSeconds=WAIT_SECONDS,
            VisibilityTimeout=round(self._sink.timeout + VISIBILITY_MARGIN),
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        if messages:
            await self._handle(messages)
        return bool(messages)

    async def _handle(self, messages: list[dict[str, Any]]) -> None:
        events = {message["ReceiptHandle"]: event for message in messages if (event := _event(message)) is not None}
        open_ = {event.id: event for event in events.values() if _wanted(event, self._sink)}
        for done in await self._already_done(list(open_)):
            del open_[done]
        failed = await self._deliver(list(open_.values()))
        await self._remove([receipt for receipt, event in events.items() if event.id not in failed])

    async def _already_done(self, ids: list[int]) -> list[int]:
        known = {"consumer": self._sink.name, "ids": ids}
        return [row[0] for row in await self._db.fetch_all(queries.already_consumed, known, retry=True)]

    async def _deliver(self, events: list[OutboxEvent]) -> set[int]:
        """Hand over and mark what was taken; the ids of the events that were not."""
        if not events:
            return set()
        failed: set[int] = set()
        for event, outcome in zip(events, await hand_over(self._sink, events), strict=True):
            if isinstance(outcome, Failure):
                _log.warning("%s: event %d (%s) not taken: %s", self._sink.name, event.id, event.type, outcome.reason)
                failed.add(event.id)
        taken = [event.id for event in events if event.id not in failed]
        if taken:
            await self._db.execute(queries.mark_consumed, {"consumer": self._sink.name, "ids": taken}, retry=True)
        return failed

    async def _remove(self, receipts: list[str]) -> None:
        if receipts:
            entries = [{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate(receipts)]
            await self._client.call("delete_message_batch", QueueUrl=self._queue, Entries=entries)


def _event(message: dict[str, Any]) -> OutboxEvent | None:
    """The event in a message, delivered raw or in SNS's envelope; None, and a line in the log, if there is none."""
    body = message["Body"]
    try:
        envelope = orjson.loads(body)
        if isinstance(envelope, dict) and "TopicArn" in envelope:
            body = envelope["Message"]
        return OutboxEvent.from_json(body)
    except (ValueError, KeyError) as error:
        _log.warning("message %s left for the queue's dead letters: %s", message.get("MessageId"), error)
        return None


def _wanted(event: OutboxEvent, sink: Sink) -> bool:
    return not sink.wants.isdisjoint({event.type, f"{event.type.partition('.')[0]}.*"})
