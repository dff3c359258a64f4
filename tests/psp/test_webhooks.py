"""Delivery of webhooks: signed, tried again, bounded, and cheap at a sale."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from backend.psp import webhooks
from backend.psp.messages import Post
from backend.psp.webhooks import WebhookSender
from tests.psp.running import PATIENCE_SECONDS, WEBHOOK_SECRET, Shop, running_psp


@asynccontextmanager
async def sending(linger: float = 0.0, retry: float = 0.001, attempts: int = 4) -> AsyncIterator[WebhookSender]:
    sender = WebhookSender(WEBHOOK_SECRET, linger=linger, retry=retry, attempts=attempts)
    running = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def post(shop: Shop, name: str, *, patient: bool = False) -> Post:
    return Post(shop.url, ({"id": name, "data": {"status": name}},), patient=patient)


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 - counters, which nothing announces
            await asyncio.sleep(0.001)


async def test_a_webhook_is_signed_with_the_shared_secret(shop: Shop) -> None:
    async with sending() as sender:
        sender.put([post(shop, "one")])
        await shop.hears(1)
    assert shop.calls[0].genuine(time.time())
    assert not shop.calls[0].genuine(time.time() + 301)


@pytest.mark.parametrize("answer", [500, 503, 404, 302])
async def test_a_shop_that_did_not_take_it_is_told_again(shop: Shop, answer: int) -> None:
    shop.answers = [answer, answer]
    async with sending() as sender:
        sender.put([post(shop, "one")])
        assert await shop.hears(3) == [["one"]] * 3
        await eventually(lambda: sender.delivered == 1)
    assert (sender.pending, sender.refused) == (0, 0)


async def test_after_the_last_attempt_it_is_given_up_and_counted(shop: Shop) -> None:
    shop.answers = [500] * 9
    async with sending(attempts=3) as sender:
        sender.put([post(shop, "one")])
        await eventually(lambda: sender.refused == 1)
    assert (len(shop.calls), sender.pending, sender.delivered) == (3, 0, 0)


async def test_one_that_is_tried_again_does_not_hold_up_the_others(shop: Shop) -> None:
    shop.answers = [500]
    async with sending(retry=0.05) as sender:
        sender.put([post(shop, "one"), post(shop, "two")])
        assert await shop.hears(3) == [["one"], ["two"], ["one"]]


async def test_payments_settled_in_the_answer_share_a_call(shop: Shop) -> None:
    async with sending(linger=0.02) as sender:
        for number in range(5):
            sender.put([post(shop, str(number), patient=True)])
        assert await shop.hears(1) == [["0", "1", "2", "3", "4"]]


async def test_what_the_shop_does_not_know_yet_waits_for_nobody(shop: Shop) -> None:
    async with sending(linger=60) as sender:
        sender.put([post(shop, "one"), post(shop, "two")])
        assert await shop.hears(2) == [["one"], ["two"]]


async def test_a_call_holds_a_hundred_events_at_most_and_a_full_one_leaves_at_once(shop: Shop) -> None:
    async with sending(linger=60) as sender:
        sender.put([post(shop, str(number), patient=True) for number in range(200)])
        await shop.hears(2)
    assert [len(call.events) for call in shop.calls] == [100, 100]


async def test_the_queue_is_bounded_and_what_is_beyond_is_counted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "PENDING_EVENTS", 3)
    sender = WebhookSender(WEBHOOK_SECRET, linger=0, retry=0, attempts=1)
    sender.put([post(shop, str(number)) for number in range(5)])
    assert (sender.pending, sender.dropped) == (3, 2)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no-such-host.invalid/", "http://[/", "http://x:99999/"])
async def test_an_address_that_does_not_answer_is_counted_and_the_sender_lives_on(shop: Shop, url: str) -> None:
    async with sending(attempts=1) as sender:
        sender.put([Post(url, ({"id": "lost"},)), post(shop, "one")])
        assert await shop.hears(1) == [["one"]]
    assert sender.refused == 1


async def test_pauses_grow_and_have_an_end() -> None:
    sender = WebhookSender(WEBHOOK_SECRET, linger=0, retry=0.5, attempts=99)
    pauses = [sender._pause(attempt) for attempt in range(1, 20)]
    assert 0.5 <= pauses[0] <= 1
    assert all(pause <= webhooks.LONGEST_PAUSE_SECONDS for pause in pauses)
    assert min(pauses[-5:]) >= webhooks.LONGEST_PAUSE_SECONDS / 2


async def test_the_shop_can_do_without_being_told_what_the_answer_said(shop: Shop) -> None:
    async with running_psp(shop.url, settled_webhooks=False) as psp:
        await psp.created()
        hosted = await psp.created(method="hosted")
        await psp.pay(hosted)
        await shop.hears(1)
    assert [call.events[0]["data"]["id"] for call in shop.calls] == [hosted["id"]]


async def test_a_sale_costs_the_shop_few_calls(shop: Shop) -> None:
    async with running_psp(shop.url, webhook_linger_seconds=0.02) as psp:
        await asyncio.gather(*(psp.created() for _ in range(200)))
        await shop.until(lambda: sum(len(call.events) for call in shop.calls) == 200)
    assert len(shop.calls) < 40
    assert len({event["id"] for call in shop.calls for event in call.events}) == 200
