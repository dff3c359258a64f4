"""What is Stripe's own: amounts, events, keys that are forgotten, accounts shared with others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from backend.domain.money import Money
from backend.domain.payments import (
    PaymentIntent,
    PaymentRequest,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
    WebhookRejected,
)
from backend.features.payments.stripe import StripeProvider
from backend.features.payments.stripe_forms import session_form, stripe_amount
from tests.features.payments.counterparties import StripeCounterparty, stripe

PRICE = Money(9999, "EUR")


@pytest.fixture
async def account() -> AsyncIterator[StripeCounterparty]:
    async with stripe() as counterparty:
        yield counterparty


def wanted(email: str | None = None) -> PaymentRequest:
    return PaymentRequest(uuid4(), uuid4(), PRICE, "hosted", "2 tickets", "http://shop.example/orders/7", email)


async def paid(account: StripeCounterparty) -> PaymentIntent:
    intent = await account.provider.create(wanted())
    account.double.customer_pays(intent.reference)
    return intent


@pytest.mark.parametrize(("secret_key", "webhook_secret"), [("", "whsec"), ("sk", ""), ("", "")])
def test_without_keys_stripe_is_off_and_says_which_are_missing(secret_key: str, webhook_secret: str) -> None:
    with pytest.raises(ValueError, match="STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET"):
        StripeProvider(secret_key=secret_key, webhook_secret=webhook_secret)


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(9999, "EUR"), 9999),
        (Money(1500, "JPY"), 1500),
        (Money(1230, "KWD"), 1230),
        (Money(1500, "ISK"), 150_000),
        (Money(1500, "UGX"), 150_000),
        (Money(150_000, "MGA"), 1500),
    ],
)
def test_amounts_are_counted_as_stripe_counts_them(money: Money, amount: int) -> None:
    assert stripe_amount(money) == amount


@pytest.mark.parametrize("money", [Money(1234, "KWD"), Money(150, "MGA")])
def test_an_amount_finer_than_stripe_takes_is_refused_rather_than_rounded(money: Money) -> None:
    with pytest.raises(ProviderRefused, match="finer"):
        stripe_amount(money)


def test_the_same_payment_makes_the_same_form_as_idempotency_demands() -> None:
    request = wanted()
    assert session_form(request) == session_form(request)


def test_the_e_mail_is_sent_only_when_there_is_one() -> None:
    assert "customer_email" not in session_form(wanted())
    assert session_form(wanted("ada@example.com"))["customer_email"] == "ada@example.com"


async def test_a_wrong_key_is_refused(account: StripeCounterparty) -> None:
    account.provider._http._headers["Authorization"] = "Bearer sk_wrong"  # type: ignore[attr-defined] # no part of the contract
    with pytest.raises(ProviderRefused, match="Invalid API Key"):
        await account.provider.create(wanted())


async def test_a_refund_is_made_once_even_when_stripe_has_forgotten_the_key(account: StripeCounterparty) -> None:
    intent = await paid(account)
    request = RefundRequest(uuid4(), intent.reference, Money(1000, "EUR"))
    first = await account.provider.refund(request)
    account.double.forget_keys()
    assert await account.provider.refund(request) == first
    assert len(account.double.refunds) == 1


async def test_a_paid_session_is_found_among_however_many_newer_ones(account: StripeCounterparty) -> None:
    request = wanted()
    intent = await account.provider.create(request)
    account.double.customer_pays(intent.reference)
    for _ in range(100):
        await account.provider.create(wanted())
    found = await account.provider.find(request.payment_id)
    assert found is not None
    assert (found.reference, found.status) == (intent.reference, "succeeded")


@pytest.mark.parametrize(
    ("at_stripe", "for_us", "failure"),
    [
        ("pending", "in_transit", None),
        ("requires_action", "in_transit", None),
        ("succeeded", "done", None),
        ("failed", "failed", "lost_or_stolen_card"),
        ("canceled", "failed", None),
    ],
)
async def test_a_refund_is_under_way_done_or_failed(
    account: StripeCounterparty, at_stripe: str, for_us: str, failure: str | None
) -> None:
    intent = await paid(account)
    account.double.refund_status = at_stripe
    result = await account.provider.refund(RefundRequest(uuid4(), intent.reference, PRICE))
    assert (result.status, result.failure) == (for_us, failure)


async def test_a_refund_asked_again_tells_how_it_went_on(account: StripeCounterparty) -> None:
    intent = await paid(account)
    account.double.refund_status = "pending"
    request = RefundRequest(uuid4(), intent.reference, PRICE)
    assert (await account.provider.refund(request)).status == "in_transit"
    account.double.refunds[0]["status"] = "succeeded"
    assert (await account.provider.refund(request)).status == "done"


@pytest.mark.parametrize(
    ("session", "behind", "status"),
    [
        ({"status": "complete", "payment_status": "unpaid"}, {"status": "processing"}, "processing"),
        ({"status": "complete", "payment_status": "unpaid"}, {"status": "requires_payment_method"}, "failed"),
        ({"status": "complete", "payment_status": "unpaid"}, {"status": "canceled"}, "failed"),
        ({"status": "complete", "payment_status": "paid"}, {"status": "succeeded"}, "succeeded"),
        ({"status": "expired", "payment_status": "unpaid"}, {"status": "requires_payment_method"}, "cancelled"),
    ],
)
async def test_a_session_and_its_intent_make_one_status(
    account: StripeCounterparty, session: dict[str, Any], behind: dict[str, Any], status: str
) -> None:
    intent = await paid(account)
    known = account.double.sessions[intent.reference]
    known.update(session)
    account.double.intents[known["payment_intent"]].update(behind)
    assert (await account.provider.retrieve(intent.reference)).status == status


async def test_a_session_that_cannot_be_expired_any_more_is_answered_as_it_is(account: StripeCounterparty) -> None:
    intent = await paid(account)
    account.double.sessions[intent.reference]["payment_status"] = "unpaid"
    account.double.intents[account.double.sessions[intent.reference]["payment_intent"]]["status"] = "processing"
    assert (await account.provider.cancel(intent.reference)).status == "processing"


@pytest.mark.parametrize(
    ("kind", "payment_status", "status"),
    [
        ("checkout.session.completed", "paid", "succeeded"),
        ("checkout.session.completed", "unpaid", "processing"),
        ("checkout.session.async_payment_succeeded", "paid", "succeeded"),
        ("checkout.session.async_payment_failed", "unpaid", "failed"),
    ],
)
async def test_an_event_about_a_session_gives_the_payments_status(
    account: StripeCounterparty, kind: str, payment_status: str, status: str
) -> None:
    intent = await paid(account)
    about = account.double.sessions[intent.reference] | {"payment_status": payment_status}
    raw, headers = account.double.delivery(account.double.emit(kind, about))
    assert [event.status for event in account.provider.verify_webhook(raw, headers)] == [status]


async def test_events_that_are_not_the_shops_are_accepted_and_ignored(account: StripeCounterparty) -> None:
    intent = await paid(account)
    session = account.double.sessions[intent.reference]
    refund = {"id": "re_1", "status": "succeeded", "metadata": {}}
    for kind, about in (
        ("payment_intent.payment_failed", {"id": "pi_1"}),
        ("customer.created", {"id": "cus_1"}),
        ("checkout.session.completed", session | {"client_reference_id": None}),
        ("checkout.session.completed", session | {"client_reference_id": "order 7 of another shop"}),
        ("refund.updated", refund),
        ("refund.updated", refund | {"metadata": {"refund_id": "by hand"}}),
    ):
        raw, headers = account.double.delivery(account.double.emit(kind, about))
        assert account.provider.verify_webhook(raw, headers) == ()


async def test_an_answer_without_what_is_needed_leaves_the_outcome_open(account: StripeCounterparty) -> None:
    intent = await account.provider.create(wanted())
    del account.double.sessions[intent.reference]["status"]
    with pytest.raises(ProviderUnavailable, match=r"no payment.*'status'"):
        await account.provider.retrieve(intent.reference)


@pytest.mark.parametrize(
    "odd",
    [{"id": 7}, {"id": "cs_1/.."}, {"url": 7}, {"url": "x" * 9000}, {"payment_intent": {"last_payment_error": "no"}}],
)
async def test_a_session_with_nonsense_in_it_leaves_the_outcome_open(
    account: StripeCounterparty, monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any]
) -> None:
    session = {"id": "cs_1", "status": "open", "payment_status": "unpaid", "url": "https://stripe.example/", **odd}
    answers(account, monkeypatch, session)
    with pytest.raises(ProviderUnavailable, match="no payment"):
        await account.provider.retrieve("cs_1")


@pytest.mark.parametrize(
    "answer", [{}, {"data": 7}, {"data": [7]}, {"data": [[]]}, {"data": {"id": "cs_1"}}, {"data": [{}]}]
)
async def test_a_list_with_nonsense_in_it_leaves_the_outcome_open(
    account: StripeCounterparty, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]
) -> None:
    answers(account, monkeypatch, answer)
    with pytest.raises(ProviderUnavailable, match="no payment"):
        await account.provider.find(uuid4())


@pytest.mark.parametrize(
    "odd", [{"payment_intent": "pi_1"}, {"payment_intent": {"id": 7}}, {"data": [{"metadata": []}]}]
)
async def test_a_refund_with_nonsense_on_its_way_leaves_the_outcome_open(
    account: StripeCounterparty, monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any]
) -> None:
    answers(account, monkeypatch, {"payment_intent": {"id": "pi_1"}, "client_reference_id": "7", "data": [], **odd})
    with pytest.raises(ProviderUnavailable, match="no refund"):
        await account.provider.refund(RefundRequest(uuid4(), "cs_1", PRICE))


def answers(account: StripeCounterparty, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any]) -> None:
    """Whatever is asked for, Stripe answers this."""

    async def get(_path: str, _query: object = None) -> dict[str, Any]:
        return answer

    monkeypatch.setattr(account.provider._http, "get", get)  # type: ignore[attr-defined] # no part of the contract


@pytest.mark.parametrize(
    "odd", [{"created": 10**17}, {"created": "now"}, {"id": 7}, {"data": {"object": []}}, {"type": []}]
)
async def test_a_signed_event_with_nonsense_in_it_is_rejected(account: StripeCounterparty, odd: dict[str, Any]) -> None:
    intent = await paid(account)
    event = account.double.emit("checkout.session.completed", account.double.sessions[intent.reference])
    raw, headers = account.double.delivery(event | odd)
    with pytest.raises(WebhookRejected):
        account.provider.verify_webhook(raw, headers)
