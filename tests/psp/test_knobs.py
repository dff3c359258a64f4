"""Each test card and knob does what it says, as the shop sees it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from backend.psp.cards import CARDS, card_named, card_numbered
from tests.psp.running import Psp, Shop, page_of, running_psp


def genuine(shop: Shop) -> list[bool]:
    return [call.genuine(time.time()) for call in shop.calls]


@pytest.mark.parametrize(
    ("card", "failure"), [("decline", "card_declined"), ("insufficient_funds", "insufficient_funds")]
)
async def test_a_declined_card_ends_the_payment_and_says_why(psp: Psp, shop: Shop, card: str, failure: str) -> None:
    intent = await psp.created(card=card)
    assert (intent["status"], intent["failure"], intent["pay_url"]) == ("failed", failure, None)
    assert await shop.hears(1) == [["failed"]]


async def test_a_card_can_be_named_by_its_number_too(psp: Psp) -> None:
    assert (await psp.created(card="4000 0000 0000 9995"))["failure"] == "insufficient_funds"
    assert (await psp.created(card="4000-0000-0000-9995"))["failure"] == "insufficient_funds"


async def test_three_d_secure_sends_even_a_card_payment_to_the_bank(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(card="three_d_secure")
    assert intent["status"] == "requires_action"
    assert "Is this you?" in (await psp.page(page_of(intent)))[1]
    await psp.submit(page_of(intent) + "/bank", answer="approve")
    assert await psp.status(intent) == "succeeded"
    assert await shop.hears(1) == [["succeeded"]]


async def test_refusing_at_the_bank_fails_a_card_payment(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(card="three_d_secure")
    await psp.submit(page_of(intent) + "/bank", answer="refuse")
    assert await psp.status(intent) == "failed"
    assert await shop.hears(1) == [["failed"]]


async def test_timeout_answers_when_the_shop_has_given_up_but_the_money_was_taken(psp: Psp, shop: Shop) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await psp.create(card="timeout")
    assert await shop.hears(1) == [["succeeded"]]
    payment_id = shop.calls[0].events[0]["data"]["payment_id"]
    _, found = await psp.ask("GET", f"/v1/intents?payment_id={payment_id}")
    assert [one["status"] for one in found["intents"]] == ["succeeded"]


async def test_late_is_processing_until_it_succeeds_and_cannot_be_cancelled_meanwhile(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(card="late")
    _, cancelled = await psp.ask("POST", f"/v1/intents/{intent['id']}/cancel", {})
    assert (intent["status"], cancelled["status"]) == ("processing", "processing")
    assert shop.calls == []
    assert await shop.hears(1) == [["succeeded"]]
    assert await psp.status(intent) == "succeeded"


async def test_duplicate_tells_the_same_event_twice(psp: Psp, shop: Shop) -> None:
    await psp.created(card="duplicate")
    assert await shop.hears(2) == [["succeeded"], ["succeeded"]]
    assert shop.calls[0].events == shop.calls[1].events
    assert genuine(shop) == [True, True]


async def test_reordered_tells_of_the_success_before_what_came_before_it(psp: Psp, shop: Shop) -> None:
    await psp.created(card="reordered")
    assert await shop.hears(3) == [["succeeded"], ["processing"], ["created"]]
    times = [call.events[0]["occurred_at"] for call in shop.calls]
    assert times == sorted(times, reverse=True)
    assert genuine(shop) == [True, True, True]


async def test_failure_last_tells_of_a_failed_attempt_after_the_success(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(card="failure_last")
    assert await shop.hears(2) == [["succeeded"], ["failed"]]
    assert await psp.status(intent) == "succeeded"


async def test_webhook_first_arrives_before_the_answer(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(card="webhook_first")
    assert [call.statuses for call in shop.calls] == [["succeeded"]]
    assert intent["status"] == "succeeded"


@pytest.mark.parametrize("card", ["forged", "stale"])
async def test_a_success_that_never_was_is_told_with_a_signature_that_does_not_hold(
    psp: Psp, shop: Shop, card: str
) -> None:
    intent = await psp.created(card=card)
    assert intent["status"] == "failed"
    assert await shop.hears(1) == [["succeeded"]]
    assert genuine(shop) == [False]
    assert shop.calls[0].genuine(time.time() - 3600) == (card == "stale")


async def test_a_forged_webhook_is_not_tried_again(psp: Psp, shop: Shop) -> None:
    shop.answers = [400, 200]
    await psp.created(card="forged")
    await psp.created(card="approve")
    assert await shop.hears(2) == [["succeeded"], ["succeeded"]]
    _, control = await psp.ask("GET", "/v1/control")
    assert control["webhooks"]["refused"] == 1


async def test_silent_is_paid_and_never_told(psp: Psp, shop: Shop) -> None:
    intent = await psp.created(card="silent")
    await psp.created(card="approve")
    await shop.hears(1)
    assert intent["status"] == "succeeded"
    assert [call.events[0]["data"]["id"] == intent["id"] for call in shop.calls] == [False]


@pytest.mark.parametrize(
    ("card", "at_first", "in_the_end", "failure"),
    [
        ("refund_failure", "failed", "failed", "refund_failed"),
        ("refund_late", "in_transit", "done", None),
        ("refund_bounce", "in_transit", "failed", "refund_failed"),
    ],
)
async def test_refunds_fail_take_a_while_or_both(
    psp: Psp, shop: Shop, *, card: str, at_first: str, in_the_end: str, failure: str | None
) -> None:
    intent = await psp.created(card=card)
    _, refund = await psp.refund(intent)
    assert (intent["status"], refund["status"]) == ("succeeded", at_first)
    assert (await shop.hears(2))[1] == [in_the_end]
    _, now = await psp.refund(intent, refund_id=refund["refund_id"])
    assert (now["status"], now["failure"]) == (in_the_end, failure)


async def test_a_failed_refund_leaves_the_money_to_be_refunded_again(psp: Psp) -> None:
    intent = await psp.created(card="refund_failure")
    answers = [await psp.refund(intent) for _ in range(2)]
    assert [(status, refund["status"]) for status, refund in answers] == [(200, "failed")] * 2


@pytest.mark.parametrize("method", ["card", "hosted"])
async def test_down_refuses_before_anything_is_done(psp: Psp, method: str) -> None:
    status, answer = await psp.create(card="down", method=method)
    assert (status, answer["error"]["code"]) == (503, "unavailable")
    _, control = await psp.ask("GET", "/v1/control")
    assert control["intents"] == 0


async def test_the_control_endpoint_picks_the_card_for_all_that_name_none(psp: Psp) -> None:
    await psp.ask("PUT", "/v1/control", {"card": "decline"})
    assert (await psp.created())["status"] == "failed"
    assert (await psp.created(card="approve"))["status"] == "succeeded"


async def test_a_card_can_be_chosen_at_the_start() -> None:
    async with running_psp(card="insufficient_funds") as psp:
        assert (await psp.created())["failure"] == "insufficient_funds"


@pytest.mark.parametrize(
    "knobs",
    [
        {"card": "gold"},
        {"latency_seconds": -1},
        {"latency_seconds": "1"},
        {"failure_rate": True},
        {"speed": 1},
        {"late_seconds": 1e9},
        {"failure_rate": 1.1},
    ],
    ids=str,
)
async def test_a_bad_knob_changes_nothing(psp: Psp, knobs: dict[str, Any]) -> None:
    _, before = await psp.ask("GET", "/v1/control")
    status, answer = await psp.ask("PUT", "/v1/control", {"card": "decline"} | knobs)
    assert (status, answer["error"]["code"]) == (400, "invalid")
    assert await psp.ask("GET", "/v1/control") == (200, before)


async def test_latency_slows_every_call(psp: Psp) -> None:
    await psp.ask("PUT", "/v1/control", {"latency_seconds": 0.05})
    began = time.monotonic()
    await psp.created()
    assert time.monotonic() - began >= 0.05


async def test_a_failure_rate_fails_calls_half_of_them_after_they_were_done(psp: Psp) -> None:
    await psp.ask("PUT", "/v1/control", {"failure_rate": 1})
    answers = [await psp.create() for _ in range(60)]
    assert {status for status, _ in answers} == {503}
    _, control = await psp.ask("GET", "/v1/control")
    assert 5 < control["intents"] < 55


async def test_no_failure_rate_means_no_failures(psp: Psp) -> None:
    assert {(await psp.create())[0] for _ in range(60)} == {200}


def test_every_card_has_a_number_of_its_own_that_passes_the_check_digit() -> None:
    for card in CARDS:
        digits = [int(digit) for digit in reversed(card.number)]
        doubled = [sum(divmod(digit * 2, 10)) for digit in digits[1::2]]
        assert (sum(digits[::2]) + sum(doubled)) % 10 == 0, card
        assert card_numbered(card.number) is card_named(card.name) is card


async def test_every_card_is_exercised_here() -> None:
    """A new card needs its test: the names above are the names there are."""
    with open(__file__, encoding="utf-8") as this_file:  # noqa: ASYNC230, PTH123 - nothing else runs meanwhile
        text = this_file.read()
    assert [card.name for card in CARDS if f'"{card.name}"' not in text] == []


async def test_a_shop_that_cannot_be_reached_does_not_stop_payments() -> None:
    async with running_psp("http://127.0.0.1:1/webhook", webhook_attempts=1) as psp:
        assert (await psp.created())["status"] == "succeeded"
        assert (await psp.created(card="webhook_first"))["status"] == "succeeded"


async def test_without_a_webhook_address_nobody_is_told_and_all_works() -> None:
    async with running_psp() as psp:
        for card in CARDS:
            if card.answer == "now":
                await psp.created(card=card.name)
