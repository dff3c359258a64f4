"""The test provider's API: payments, refunds, bad input, the key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.psp.running import Psp, Shop, running_psp


@pytest.fixture
async def psp() -> AsyncIterator[Psp]:
    async with running_psp() as running:
        yield running


async def test_a_card_payment_is_settled_in_the_answer(psp: Psp) -> None:
    payment_id = str(uuid4())
    intent = await psp.created(payment_id=payment_id)
    assert datetime.fromisoformat(intent.pop("paid_at")) <= datetime.now(UTC)
    assert intent == {
        "id": f"pi_{payment_id}",
        "payment_id": payment_id,
        "status": "succeeded",
        "amount": 9999,
        "currency": "EUR",
        "pay_url": None,
        "failure": None,
        "refunded": 0,
    }


async def test_a_hosted_payment_says_where_to_pay(psp: Psp) -> None:
    intent = await psp.created(method="hosted")
    assert intent["status"] == "requires_action"
    assert intent["pay_url"].startswith(f"{psp.url}/pay/{intent['id']}/")


async def test_the_pay_page_can_have_a_public_address_of_its_own() -> None:
    async with running_psp(public_url="https://pay.example") as psp:
        intent = await psp.created(method="hosted")
        assert intent["pay_url"].startswith(f"https://pay.example/pay/{intent['id']}/")


async def test_the_same_payment_id_is_the_same_payment(psp: Psp) -> None:
    payment_id = str(uuid4())
    assert await psp.created(payment_id=payment_id) == await psp.created(payment_id=payment_id.upper())
    status, found = await psp.ask("GET", f"/v1/intents?payment_id={payment_id}")
    assert (status, len(found["intents"])) == (200, 1)


async def test_the_same_payment_id_for_another_amount_is_refused(psp: Psp) -> None:
    payment_id = str(uuid4())
    await psp.created(payment_id=payment_id)
    for change in ({"amount": 1}, {"currency": "USD"}):
        status, answer = await psp.create(payment_id=payment_id, **change)
        assert (status, answer["error"]["code"]) == (422, "payment_id_reused")


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 0},
        {"amount": -1},
        {"amount": 99.99},
        {"amount": "9999"},
        {"amount": True},
        {"amount": None},
        {"amount": 10**18},
        {"currency": "XYZ"},
        {"currency": "eur"},
        {"currency": None},
        {"payment_id": "7"},
        {"payment_id": None},
        {"payment_id": 7},
        {"method": "cash"},
        {"card": "gold"},
        {"card": 42},
        {"return_url": None},
        {"return_url": "javascript:alert(1)"},
        {"return_url": "/orders/7"},
        {"return_url": "http://shop.example/\r\nSet-Cookie: a=b"},
        {"return_url": "http://shop.example; script-src *"},
        {"return_url": "http://" + "a" * 3000},
        {"webhook_url": "ftp://shop.example"},
        {"webhook_url": 7},
    ],
    ids=str,
)
async def test_bad_input_is_refused_with_a_reason(psp: Psp, change: dict[str, Any]) -> None:
    status, answer = await psp.create(**change)
    assert (status, answer["error"]["code"]) == (400, "invalid")
    assert answer["error"]["message"]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"7", b"null", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(psp: Psp, raw: bytes) -> None:
    status, answer = await psp.ask("POST", "/v1/intents", raw)
    assert (status, answer["error"]["code"]) == (400, "invalid")


@pytest.mark.parametrize("key", ["", "wrong", "\N{SNOWMAN}"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/intents"),
        ("GET", "/v1/intents?payment_id=7"),
        ("GET", "/v1/intents/pi_7"),
        ("POST", "/v1/intents/pi_7/cancel"),
        ("POST", "/v1/intents/pi_7/refunds"),
        ("GET", "/v1/control"),
        ("PUT", "/v1/control"),
    ],
)
async def test_nothing_is_said_without_the_key(psp: Psp, method: str, path: str, key: str) -> None:
    status, answer = await psp.ask(method, path, {}, key=key)
    assert (status, answer["error"]["code"]) == (401, "unauthorized")


async def test_what_is_unknown_is_not_found(psp: Psp) -> None:
    for method, path in (
        ("GET", "/v1/intents/pi_7"),
        ("POST", "/v1/intents/pi_7/cancel"),
        ("POST", "/v1/intents/pi_7/refunds"),
    ):
        status, answer = await psp.ask(method, path, {})
        assert (status, answer["error"]["code"]) == (404, "not_found")
    assert await psp.ask("GET", f"/v1/intents?payment_id={uuid4()}") == (200, {"intents": []})
    assert (await psp.ask("GET", "/v1/intents?payment_id=7"))[0] == 400
    assert (await psp.ask("GET", "/v1/intents"))[0] == 400


async def test_a_waiting_payment_can_be_cancelled_and_a_paid_one_stays_paid(psp: Psp) -> None:
    waiting, paid = await psp.created(method="hosted"), await psp.created()
    for intent, status in ((waiting, "cancelled"), (paid, "succeeded")):
        answers = [await psp.ask("POST", f"/v1/intents/{intent['id']}/cancel", {}) for _ in range(2)]
        assert [(code, answer["status"], answer["pay_url"]) for code, answer in answers] == [(200, status, None)] * 2


async def test_refunds_are_made_once_and_never_beyond_what_was_paid(psp: Psp) -> None:
    intent = await psp.created()
    refund_id = str(uuid4())
    first = await psp.refund(intent, 6000, refund_id=refund_id)
    assert first == (200, first[1] | {"id": f"re_{refund_id}", "amount": 6000, "status": "done", "failure": None})
    assert await psp.refund(intent, 6000, refund_id=refund_id) == first
    for amount, change, code in (
        (4000, {}, "more_than_paid"),
        (1000, {"currency": "USD"}, "more_than_paid"),
        (5000, {"refund_id": refund_id}, "refund_id_reused"),
    ):
        status, answer = await psp.refund(intent, amount, **change)
        assert (status, answer["error"]["code"]) == (422, code)
    assert (await psp.refund(intent, 3999))[0] == 200
    _, now = await psp.ask("GET", f"/v1/intents/{intent['id']}")
    assert now["refunded"] == 9999


@pytest.mark.parametrize("change", [{"amount": 0}, {"amount": "1"}, {"currency": "XYZ"}, {"refund_id": "7"}], ids=str)
async def test_a_bad_refund_is_refused_with_a_reason(psp: Psp, change: dict[str, Any]) -> None:
    status, answer = await psp.refund(await psp.created(), **change)
    assert (status, answer["error"]["code"]) == (400, "invalid")


async def test_what_was_not_paid_is_not_refunded(psp: Psp) -> None:
    for intent in (await psp.created(method="hosted"), await psp.created(card="decline")):
        status, answer = await psp.refund(intent)
        assert (status, answer["error"]["code"]) == (422, "not_paid")


async def test_a_webhook_tells_of_payment_and_refund_with_the_shops_own_ids(shop: Shop) -> None:
    async with running_psp(shop.url) as psp:
        intent = await psp.created()
        await shop.hears(1)
        _, refund = await psp.refund(intent)
        await shop.hears(2)
        payment_event, refund_event = (call.events[0] for call in shop.calls)
        assert payment_event["kind"] == "payment"
        assert payment_event["data"] == {
            "id": intent["id"],
            "payment_id": intent["payment_id"],
            "status": "succeeded",
            "failure": None,
        }
        assert refund_event["kind"] == "refund"
        assert refund_event["data"] == {
            "id": refund["id"],
            "refund_id": refund["refund_id"],
            "payment_id": intent["payment_id"],
            "status": "done",
            "failure": None,
        }


async def test_asking_again_for_what_is_paid_changes_nothing_and_tells_nobody(shop: Shop) -> None:
    async with running_psp(shop.url) as psp:
        card, hosted = await psp.created(), await psp.created(method="hosted")
        await psp.pay(hosted)
        for intent, method in ((card, "card"), (hosted, "hosted")):
            again = await psp.created(payment_id=intent["payment_id"], method=method)
            assert again["status"] == "succeeded"
        await psp.created(card="decline")
        assert await shop.hears(3) == [["succeeded"], ["succeeded"], ["failed"]]


async def test_asking_again_for_a_refund_under_way_does_not_start_another(shop: Shop) -> None:
    async with running_psp(shop.url) as psp:
        intent = await psp.created(card="refund_late")
        _, refund = await psp.refund(intent)
        await psp.refund(intent, refund_id=refund["refund_id"])
        await shop.hears(2)
        await psp.created(card="decline")
        assert await shop.hears(3) == [["succeeded"], ["done"], ["failed"]]
