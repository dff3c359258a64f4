"""The shop on AWS: from the payment over SNS and SQS to the letter that SES sends, with the real worker process."""

import re
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from backend.messaging.aws import AwsOptions
from tests.box_office import eventually
from tests.journeys.conftest import OpenShop
from tests.messaging.cloud import Cloud, moto, sent_letters
from tests.shop import Answer, Shop, backend_process, variables

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
SENDER = "tickets@shop.example"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsOptions]:
    """An account of the test's own."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with moto(tmp_path / "moto.log") as options:
        yield options


@pytest.fixture
async def cloud(aws: AwsOptions) -> AsyncIterator[Cloud]:
    cloud = Cloud(aws)
    yield cloud
    await cloud.close()


async def buy(shop: Shop, number: int) -> Answer:
    """A paid order of two tickets."""
    basket = await shop.basket(await shop.box_office.publish(price=1000), 2)
    bought = await shop.check_out(basket, email=f"{number}@example.com")
    assert bought.status == 200, bought.body
    return bought


async def test_what_is_paid_comes_over_topic_and_queue_as_a_letter_through_ses(
    open_shop: OpenShop, cloud: Cloud
) -> None:
    await cloud.call("sesv2", "create_email_identity", EmailIdentity=SENDER)
    queue, arn = await cloud.queue("letters")
    settings = {
        "events": "sns", "sns_topic_arn": await cloud.topic("events", arn), "sqs_queue_url": queue, "ses": True,
        "mail_from": SENDER, "aws_endpoint_url": cloud.options.endpoint_url,
    }  # fmt: skip
    async with open_shop(worker=False, **settings) as shop:
        bought = [await buy(shop, number) for number in range(3)]
        expected = [(f"{number}@example.com", "Your tickets") for number in range(3)]

        async def came(expected: list[tuple[str, str]]) -> bool:
            return kinds(await sent_letters(cloud.options)) == expected

        async with backend_process({**variables(shop.settings), **CREDENTIALS}, "worker"):
            await eventually(lambda: came(expected), within=20)
            order, token = (bought[0].body[name] for name in ("order_id", "order_token"))
            assert (await shop.ask("POST", f"/api/orders/{order}/cancel?token={token}", {})).status == 200
            expected += [("0@example.com", "Cancelled"), ("0@example.com", "Your refund")]
            await eventually(lambda: came(sorted(expected)), within=20)
            await eventually(lambda: nothing_waits(shop, cloud, queue), within=20)
        letters = await sent_letters(cloud.options)
        tickets = next(letter for letter in letters if letter["To"] == "2@example.com")
        assert [part.get_content_type() for part in tickets.iter_attachments()] == ["application/pdf"]
        body = tickets.get_body(("plain",))
        assert body is not None
        assert bought[2].body["order_token"] in body.get_content()
        assert list(shop.settings.mailbox_dir.glob("**/*.eml")) == []
        assert await shop.broken() == []


def kinds(letters: list[EmailMessage]) -> list[tuple[str, str]]:
    """To whom, and the beginning of the subject."""
    return sorted((letter["To"], re.sub(r" (for|of) .*|:.*", "", str(letter["Subject"]))) for letter in letters)


async def nothing_waits(shop: Shop, cloud: Cloud, queue: str) -> bool:
    """Whether every event has left the outbox, and every message the queue."""
    unrouted = await shop.box_office.value("SELECT count(*) FROM outbox WHERE routed_at IS NULL")
    on_its_way = await shop.box_office.value("SELECT count(*) FROM delivery")
    return bool(unrouted + on_its_way + await cloud.waiting(queue) == 0)
