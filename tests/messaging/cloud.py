"""AWS's interfaces on this machine: moto's server, in a process of its own."""

import asyncio
import json
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import Parser
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from backend.messaging.aws import AwsClient, AwsOptions
from backend.messaging.events import OutboxEvent
from tools import processes

EVENT = OutboxEvent(7, "order.paid", None, {"total_minor": 9999}, datetime(2026, 11, 14, 19, 30, tzinfo=UTC))
ALL = frozenset({"order.*"})


@contextmanager
def moto(log: Path) -> Iterator[AwsOptions]:
    """The server while the block runs, and how to reach it."""
    process = processes.start(processes.Start([sys.executable, "-m", "moto.server", "-p", "0"], log=log))
    try:
        yield AwsOptions(region="eu-west-1", endpoint_url=_address(log))
    finally:
        processes.stop(process, (signal.SIGTERM, 5.0))


def _address(log: Path) -> str:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        found = re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text())
        if found:
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"moto did not start: {log.read_text()}")


async def sent_letters(options: AwsOptions) -> list[EmailMessage]:
    """What SES has sent since the server started."""
    data = json.loads(await asyncio.to_thread(_read, f"{options.endpoint_url}/moto-api/data.json"))
    return [Parser(policy=default).parsestr(found["raw_data"]) for found in data.get("ses", {}).get("RawMessage", [])]


def _read(url: str) -> bytes:
    with urlopen(url) as answer:
        return bytes(answer.read())


class Cloud:
    """Topics and queues on the server, made and looked at from outside of the code under test."""

    def __init__(self, options: AwsOptions) -> None:
        self.options = options
        self._clients: dict[str, AwsClient] = {}

    async def call(self, service: str, operation: str, **arguments: object) -> dict[str, Any]:
        client = self._clients.setdefault(service, AwsClient(service, self.options))
        return await client.call(operation, **arguments)

    async def queue(self, name: str, **attributes: str) -> tuple[str, str]:
        """The URL and the ARN of a new queue."""
        url = (await self.call("sqs", "create_queue", QueueName=name, Attributes=attributes))["QueueUrl"]
        found = await self.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    async def queue_with_dead_letters(self, name: str, receives: int) -> tuple[str, str]:
        """The URLs of a queue and of where it moves what was received so many times."""
        dead_url, dead_arn = await self.queue(f"{name}-dead")
        policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": receives})
        return (await self.queue(name, RedrivePolicy=policy))[0], dead_url

    async def topic(self, name: str, *queues: str, raw: str = "true", **attributes: str) -> str:
        """The ARN of a new topic that feeds the queues with these ARNs."""
        topic: str = (await self.call("sns", "create_topic", Name=name, Attributes=attributes))["TopicArn"]
        delivery = {"RawMessageDelivery": raw}
        for queue in queues:
            arguments = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue, "Attributes": delivery}
            await self.call("sns", "subscribe", **arguments)
        return topic

    async def waiting(self, url: str) -> int:
        """Messages in the queue, whether somebody has them or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = await self.call("sqs", "get_queue_attributes", QueueUrl=url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)

    async def receive(self, url: str) -> list[dict[str, Any]]:
        answer = await self.call(
            "sqs", "receive_message", QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    async def send(self, url: str, body: str) -> None:
        await self.call("sqs", "send_message", QueueUrl=url, MessageBody=body)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
