"""What is the test provider's own: several events in a call, answers that are none."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from backend.domain.money import Money
from backend.domain.payments import PaymentRequest, ProviderUnavailable, RefundRequest, WebhookEvent, WebhookRejected
from backend.domain.signatures import sign
from backend.features.payments.psp import PspProvider

SECRET = "the webhook secret"


def provider(url: str = "http://127.0.0.1:1") -> PspProvider:
    return PspProvider(url, api_key="key", webhook_secret=SECRET, webhook_url="http://shop.example/webhook")


@asynccontextmanager
async def answered_with(answer: Any) -> AsyncIterator[PspProvider]:
    async def handler(_: web.Request) -> web.Response:
        return web.json_response(answer)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        asking = provider(str(server.make_url("/")))
        try:
            yield asking
        finally:
            await asking.close()


def event(**changes: Any) -> dict[str, Any]:
    data = {"id": "pi_1", "payment_id": str(uuid4()), "status": "succeeded"}
    return {"id": "evt_1", "kind": "payment", "occurred_at": "2026-11-23T20:14:00+00:00", "data": data | changes}


def read(*events: Any) -> tuple[WebhookEvent, ...]:
    raw = orjson.dumps({"events": events})
    return provider().verify_webhook(raw, {"Psp-Signature": sign(raw, SECRET, time.time())})


def test_several_payments_may_share_one_call() -> None:
    first, second = read(event(id="pi_1"), event(id="pi_2", status="cancelled"))
    assert [(one.reference, one.status) for one in (first, second)] == [("pi_1", "succeeded"), ("pi_2", "cancelled")]
    assert first.occurred_at == datetime(2026, 11, 23, 20, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "broken",
    [
        event(status="paid"),
        event(status="done"),
        event(payment_id="7"),
        event(payment_id=7),
        event(id=7),
        event(status=[]),
        event(failure="\0"),
        event() | {"id": "x" * 300},
        [],
        7,
        event() | {"kind": "chargeback"},
        event() | {"kind": "refund"},
        event() | {"occurred_at": "yesterday"},
        event() | {"data": None},
    ],
)
def test_one_broken_event_rejects_the_call(broken: Any) -> None:
    with pytest.raises(WebhookRejected, match="not an event"):
        read(event(), broken)


PAYMENT = {"id": "pi_1", "status": "succeeded"}
REFUND = {"id": "re_1", "status": "done"}


def one() -> PaymentRequest:
    return PaymentRequest(uuid4(), uuid4(), Money(1, "EUR"), "card", "A ticket", "http://shop.example/")


@pytest.mark.parametrize("answer", [{}, {"id": "pi_1"}, {"status": "succeeded"}, {"id": "pi_1", "status": "paid"}])
async def test_an_answer_that_is_no_payment_leaves_the_outcome_open(answer: dict[str, Any]) -> None:
    async with answered_with(answer) as asking:
        with pytest.raises(ProviderUnavailable, match="no payment"):
            await asking.create(one())
        with pytest.raises(ProviderUnavailable, match="no refund"):
            await asking.refund(RefundRequest(uuid4(), "pi_1", Money(1, "EUR")))


NONSENSE = [
    {"id": 12345},
    {"id": None},
    {"id": ""},
    {"id": "pi_1/../.."},
    {"id": "x" * 300},
    {"status": ["succeeded"]},
    {"status": {}},
    {"failure": {"code": 7}},
    {"failure": "\0"},
    {"failure": "x" * 300},
]


@pytest.mark.parametrize("odd", [*NONSENSE, {"pay_url": 7}, {"pay_url": "x" * 9000}])
async def test_a_payment_with_nonsense_in_it_leaves_the_outcome_open(odd: dict[str, Any]) -> None:
    async with answered_with(PAYMENT | odd) as asking:
        with pytest.raises(ProviderUnavailable, match="no payment"):
            await asking.create(one())
        with pytest.raises(ProviderUnavailable, match="no payment"):
            await asking.retrieve("pi_1")


@pytest.mark.parametrize("odd", NONSENSE)
async def test_a_refund_with_nonsense_in_it_leaves_the_outcome_open(odd: dict[str, Any]) -> None:
    async with answered_with(REFUND | odd) as asking:
        with pytest.raises(ProviderUnavailable, match="no refund"):
            await asking.refund(RefundRequest(uuid4(), "pi_1", Money(1, "EUR")))


@pytest.mark.parametrize("found", [{}, {"intents": None}, {"intents": {}}, {"intents": [7]}, {"intents": [[]]}])
async def test_a_payment_counts_as_never_arrived_only_when_the_provider_says_so(found: dict[str, Any]) -> None:
    async with answered_with(found) as asking:
        with pytest.raises(ProviderUnavailable, match="no payment"):
            await asking.find(uuid4())
    async with answered_with({"intents": []}) as asking:
        assert await asking.find(uuid4()) is None
