"""What every payment provider keeps, whoever stands behind it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from backend.domain.money import Money
from backend.domain.payments import (
    PaymentIntent,
    PaymentProvider,
    PaymentRequest,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
    WebhookEvent,
    WebhookRejected,
)
from backend.domain.signatures import sign
from backend.features.payments.free import FreeProvider
from tests.features.payments.counterparties import PAID, Counterparty

PRICE = Money(9999, "EUR")
PART = Money(4000, "EUR")


@pytest.fixture(params=PAID)
async def other(request: pytest.FixtureRequest) -> AsyncIterator[Counterparty]:
    """The provider that takes money, and everything on its side."""
    async with PAID[request.param]() as counterparty:
        yield counterparty


@pytest.fixture(params=[*PAID, "free"])
async def any_provider(request: pytest.FixtureRequest) -> AsyncIterator[tuple[PaymentProvider, Money]]:
    """A provider, and an amount that it takes."""
    if request.param == "free":
        yield FreeProvider(), Money.zero("EUR")
        return
    async with PAID[request.param]() as counterparty:
        yield counterparty.provider, PRICE


def wanted(other: Counterparty, amount: Money = PRICE, **changes: Any) -> PaymentRequest:
    fields: dict[str, Any] = {
        "payment_id": uuid4(),
        "order_id": uuid4(),
        "amount": amount,
        "method": other.method,
        "description": "2 tickets, Night at the Opera",
        "return_url": "http://shop.example/orders/7?token=secret",
        "email": "ada@example.com",
    }
    return PaymentRequest(**(fields | changes))


async def paid(other: Counterparty, amount: Money = PRICE) -> PaymentIntent:
    """A payment that the customer has made."""
    intent = await other.provider.create(wanted(other, amount))
    await other.customer_pays(intent)
    return intent


def refund_of(intent: PaymentIntent, amount: Money = PRICE, refund_id: UUID | None = None) -> RefundRequest:
    return RefundRequest(refund_id or uuid4(), intent.reference, amount)


# Creating


async def test_a_payment_succeeds_at_once_or_says_where_the_customer_can_pay(
    any_provider: tuple[PaymentProvider, Money],
) -> None:
    provider, amount = any_provider
    request = PaymentRequest(uuid4(), uuid4(), amount, "card", "A ticket", "http://shop.example/")
    intent = await provider.create(request)
    assert intent.status == ("requires_action" if intent.pay_url else "succeeded")
    assert intent.failure is None


async def test_asked_twice_it_is_one_payment(other: Counterparty) -> None:
    request = wanted(other)
    first, second = await other.provider.create(request), await other.provider.create(request)
    await other.customer_pays(first)
    assert (first.reference, first.pay_url) == (second.reference, second.pay_url)
    assert await other.charged(request.payment_id) == [9999]


async def test_asked_twenty_times_at_once_it_is_one_payment(other: Counterparty) -> None:
    request = wanted(other)
    intents = await asyncio.gather(*(other.provider.create(request) for _ in range(20)))
    await other.customer_pays(intents[0])
    assert len({intent.reference for intent in intents}) == 1
    assert await other.charged(request.payment_id) == [9999]


async def test_the_same_payment_with_another_amount_is_refused(other: Counterparty) -> None:
    request = wanted(other)
    await other.provider.create(request)
    with pytest.raises(ProviderRefused):
        await other.provider.create(wanted(other, PART, payment_id=request.payment_id, order_id=request.order_id))


async def test_yen_are_charged_without_hundredths(other: Counterparty) -> None:
    request = wanted(other, Money(1500, "JPY"))
    await other.customer_pays(await other.provider.create(request))
    assert await other.charged(request.payment_id) == [1500]


async def test_what_the_customer_paid_has_succeeded(other: Counterparty) -> None:
    intent = await paid(other)
    found = await other.provider.retrieve(intent.reference)
    assert replace(found, paid_at=None) == PaymentIntent(intent.reference, "succeeded")
    assert found.paid_at is not None
    assert abs(found.paid_at - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_declined_card_leaves_the_page_open_for_another_one(other: Counterparty) -> None:
    request = wanted(other, method="hosted")
    intent = await other.provider.create(request)
    await other.customer_is_declined(intent)
    now = await other.provider.retrieve(intent.reference)
    assert (now.status, now.pay_url, now.failure) == ("requires_action", intent.pay_url, "insufficient_funds")
    assert await other.charged(request.payment_id) == []


# Finding what was lost


async def test_a_payment_whose_answer_was_lost_is_found_again(other: Counterparty) -> None:
    request = wanted(other)
    await other.loses_answers()
    with pytest.raises(ProviderUnavailable):
        await other.provider.create(request)
    await other.finds_its_answers_again()
    found = await other.provider.find(request.payment_id)
    assert found is not None
    assert found == await other.provider.create(request)


async def test_a_paid_one_whose_answer_was_lost_is_found_as_paid(other: Counterparty) -> None:
    request = wanted(other)
    await other.customer_pays(await other.provider.create(request))
    found = await other.provider.find(request.payment_id)
    assert found is not None
    assert found.status == "succeeded"


async def test_nothing_is_found_of_a_payment_that_never_arrived(any_provider: tuple[PaymentProvider, Money]) -> None:
    provider, _ = any_provider
    assert await provider.find(uuid4()) is None


async def test_an_unknown_reference_is_refused(any_provider: tuple[PaymentProvider, Money]) -> None:
    provider, amount = any_provider
    for ask in (
        provider.retrieve("no_such_payment"),
        provider.cancel("no_such_payment"),
        provider.refund(RefundRequest(uuid4(), "no_such_payment", amount)),
    ):
        with pytest.raises(ProviderRefused):
            await ask


async def test_a_provider_that_is_down_leaves_the_outcome_open(other: Counterparty) -> None:
    intent = await paid(other)
    await other.goes_down()
    for ask in (
        other.provider.create(wanted(other)),
        other.provider.find(uuid4()),
        other.provider.retrieve(intent.reference),
        other.provider.cancel(intent.reference),
        other.provider.refund(refund_of(intent)),
    ):
        with pytest.raises(ProviderUnavailable):
            await ask


# Cancelling


async def test_a_cancelled_payment_can_no_longer_be_paid(other: Counterparty) -> None:
    request = wanted(other, method="hosted")
    intent = await other.provider.create(request)
    cancelled = await other.provider.cancel(intent.reference)
    await other.customer_pays(intent)
    assert cancelled == PaymentIntent(intent.reference, "cancelled")
    assert await other.provider.retrieve(intent.reference) == cancelled
    assert await other.charged(request.payment_id) == []


async def test_cancelling_twice_changes_nothing(other: Counterparty) -> None:
    intent = await other.provider.create(wanted(other, method="hosted"))
    first, second = await other.provider.cancel(intent.reference), await other.provider.cancel(intent.reference)
    assert first == second


async def test_cancelling_too_late_says_that_it_was_paid(other: Counterparty) -> None:
    intent = await paid(other)
    assert (await other.provider.cancel(intent.reference)).status == "succeeded"


async def test_free_tickets_are_paid_at_once_so_it_is_always_too_late_to_cancel() -> None:
    provider = FreeProvider()
    intent = await provider.create(PaymentRequest(uuid4(), uuid4(), Money.zero("EUR"), "card", "", "http://shop/"))
    assert await provider.cancel(intent.reference) == await provider.retrieve(intent.reference) == intent


async def test_free_refuses_what_costs_money() -> None:
    provider = FreeProvider()
    with pytest.raises(ProviderRefused, match=r"99\.99 EUR"):
        await provider.create(PaymentRequest(uuid4(), uuid4(), PRICE, "card", "", "http://shop/"))
    with pytest.raises(ProviderRefused):
        await provider.refund(RefundRequest(uuid4(), "free_1", PRICE))


# Refunding


async def test_a_refund_gives_the_money_back(other: Counterparty) -> None:
    intent = await paid(other)
    result = await other.provider.refund(refund_of(intent))
    assert (result.status, result.failure) == ("done", None)
    assert await other.refunded(intent.reference) == 9999


async def test_a_refund_asked_twice_is_made_once(other: Counterparty) -> None:
    intent = await paid(other)
    request = refund_of(intent, PART)
    assert await other.provider.refund(request) == await other.provider.refund(request)
    assert await other.refunded(intent.reference) == 4000


async def test_two_refunds_give_back_two_parts(other: Counterparty) -> None:
    intent = await paid(other)
    await other.provider.refund(refund_of(intent, PART))
    await other.provider.refund(refund_of(intent, PART))
    assert await other.refunded(intent.reference) == 8000


async def test_more_than_was_paid_is_never_given_back(other: Counterparty) -> None:
    intent = await paid(other)
    await other.provider.refund(refund_of(intent, PART))
    with pytest.raises(ProviderRefused):
        await other.provider.refund(refund_of(intent, PRICE))
    assert await other.refunded(intent.reference) == 4000


async def test_what_was_not_paid_is_not_given_back(other: Counterparty) -> None:
    intent = await other.provider.create(wanted(other, method="hosted"))
    with pytest.raises(ProviderRefused):
        await other.provider.refund(refund_of(intent))


async def test_nothing_is_given_back_of_what_was_free() -> None:
    provider = FreeProvider()
    result = await provider.refund(RefundRequest(uuid4(), f"free_{uuid4()}", Money.zero("EUR")))
    assert result.status == "done"


# Webhooks


async def test_a_webhook_tells_what_became_of_a_payment(other: Counterparty) -> None:
    request = wanted(other)
    intent = await other.provider.create(request)
    await other.customer_pays(intent)
    raw, headers = (await other.deliveries(1))[0]
    (event,) = other.provider.verify_webhook(raw, headers)
    assert event == WebhookEvent(
        event_id=event.event_id,
        kind="payment",
        reference=intent.reference,
        payment_id=request.payment_id,
        status="succeeded",
        occurred_at=event.occurred_at,
    )
    assert abs(event.occurred_at - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_webhook_tells_what_became_of_a_refund(other: Counterparty) -> None:
    request = wanted(other)
    intent = await other.provider.create(request)
    await other.customer_pays(intent)
    refund = refund_of(intent)
    result = await other.provider.refund(refund)
    raw, headers = (await other.deliveries(2))[1]
    (event,) = other.provider.verify_webhook(raw, headers)
    assert (event.kind, event.reference, event.status) == ("refund", result.reference, "done")
    assert (event.refund_id, event.payment_id) == (refund.refund_id, request.payment_id)


async def test_a_cancelled_payment_is_told_of_as_cancelled(other: Counterparty) -> None:
    intent = await other.provider.create(wanted(other, method="hosted"))
    await other.provider.cancel(intent.reference)
    raw, headers = (await other.deliveries(1))[0]
    (event,) = other.provider.verify_webhook(raw, headers)
    assert (event.reference, event.status) == (intent.reference, "cancelled")


@pytest.mark.parametrize("age", [-301, 301, 86_400])
async def test_a_webhook_of_another_time_is_rejected_though_well_signed(other: Counterparty, age: int) -> None:
    await paid(other)
    raw, headers = (await other.deliveries(1))[0]
    headers[other.signature_header] = sign(raw, other.webhook_secret, time.time() - age)
    with pytest.raises(WebhookRejected, match="too long ago"):
        other.provider.verify_webhook(raw, headers)


async def test_a_forged_webhook_is_rejected(other: Counterparty) -> None:
    await paid(other)
    raw, headers = (await other.deliveries(1))[0]
    for body, changed in (
        (raw.replace(b"succeeded", b"cancelled") + b" ", headers),
        (raw, headers | {other.signature_header: sign(raw, "a guess", time.time())}),
        (raw, {name: value for name, value in headers.items() if name != other.signature_header}),
    ):
        with pytest.raises(WebhookRejected):
            other.provider.verify_webhook(body, changed)


@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"[]", b"{", b'{"events": [{}]}', b'{"events": 7}', b'{"type": "refund.updated"}', b"\xff\xfe"],
)
async def test_a_signed_body_that_is_no_event_is_rejected(other: Counterparty, raw: bytes) -> None:
    headers = {other.signature_header: sign(raw, other.webhook_secret, time.time())}
    with pytest.raises(WebhookRejected, match="not an event"):
        other.provider.verify_webhook(raw, headers)


def test_free_payments_have_no_webhooks() -> None:
    with pytest.raises(WebhookRejected):
        FreeProvider().verify_webhook(b"{}", {})
