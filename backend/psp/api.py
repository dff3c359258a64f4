"""The API that a shop speaks to: JSON, a bearer key, idempotent by the shop's own ids."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

import orjson
from aiohttp import web

from backend.domain.money import Money
from backend.psp.cards import Card, card_named, card_numbered
from backend.psp.intents import Intent, Refused, origin_of, refund_view
from backend.psp.messages import refund_posts
from backend.psp.till import TILL, Till

# The highest that each knob of a number can be turned to.
_HIGHEST: Final = {"latency_seconds": 60, "failure_rate": 1, "late_seconds": 3600, "timeout_seconds": 3600}

Handler = Callable[[web.Request, Till], Awaitable[web.Response]]


def routes() -> list[web.RouteDef]:
    """Every route below /v1."""
    return [
        web.post("/v1/intents", _guarded(create_intent)),
        web.get("/v1/intents", _guarded(find_intent)),
        web.get("/v1/intents/{id}", _guarded(read_intent)),
        web.post("/v1/intents/{id}/cancel", _guarded(cancel_intent)),
        web.post("/v1/intents/{id}/refunds", _guarded(create_refund)),
        web.get("/v1/control", _guarded(read_control)),
        web.put("/v1/control", _guarded(turn_knobs)),
    ]


async def create_intent(request: web.Request, till: Till) -> web.Response:
    """Begin a payment: charged at once with a card, else the customer pays on the page."""
    body = await _body(request)
    wanted, card = _wanted(body), _card(body.get("card"), till)
    if card.answer == "unavailable":
        raise Refused(503, "unavailable", "the provider is down")
    intent, new = till.ledger.open(wanted)
    if new:
        if intent.method == "hosted":
            till.ledger.wait_for_customer(intent)
        else:
            await till.charge(intent, card)
        if card.answer == "late":
            await asyncio.sleep(till.knobs.timeout_seconds)
    return _answer(_view(intent, request, till))


async def find_intent(request: web.Request, till: Till) -> web.Response:
    """`?payment_id=`: the payment of that id, in a list of at most one."""
    intent = till.ledger.find(_id("pi_", request.query.get("payment_id"), "payment_id"))
    return _answer({"intents": [_view(intent, request, till)] if intent else []})


async def read_intent(request: web.Request, till: Till) -> web.Response:
    """One payment."""
    return _answer(_view(till.ledger.get(request.match_info["id"]), request, till))


async def cancel_intent(request: web.Request, till: Till) -> web.Response:
    """Close a payment; what is paid or being processed stays so, and the answer says it."""
    intent = till.ledger.get(request.match_info["id"])
    till.cancel(intent)
    return _answer(_view(intent, request, till))


async def create_refund(request: web.Request, till: Till) -> web.Response:
    """Give money back; the same refund_id answers what became of it."""
    intent = till.ledger.get(request.match_info["id"])
    body = await _body(request)
    refund, new = till.ledger.refund(intent, _id("re_", body.get("refund_id"), "refund_id"), _money(body))
    if new and refund.status == "in_transit":
        till.settle_refund_later(intent, refund)
    elif new:
        till.webhooks.put(refund_posts(intent, refund))
    return _answer(refund_view(refund))


async def read_control(_: web.Request, till: Till) -> web.Response:
    """How the knobs stand and what became of the webhooks."""
    knobs, webhooks = till.knobs, till.webhooks
    return _answer(
        {
            "card": knobs.card.name,
            "latency_seconds": knobs.latency_seconds,
            "failure_rate": knobs.failure_rate,
            "late_seconds": knobs.late_seconds,
            "timeout_seconds": knobs.timeout_seconds,
            "intents": len(till.ledger),
            "webhooks": {
                "pending": webhooks.pending,
                "delivered": webhooks.delivered,
                "refused": webhooks.refused,
                "dropped": webhooks.dropped,
            },
        }
    )


async def turn_knobs(request: web.Request, till: Till) -> web.Response:
    """Change any of the knobs: `{"card": "decline", "latency_seconds": 0.2}`; all or none."""
    body = await _body(request)
    for name, value in body.items():
        if name == "card":
            _card(value, till)
        elif type(value) not in (int, float) or not 0 <= value <= _HIGHEST.get(name, -1):
            raise Refused(400, "invalid", f"{name} is not a knob, or not one that can be {value!r}")
    for name, value in body.items():
        setattr(till.knobs, name, _card(value, till) if name == "card" else value)
    return await read_control(request, till)


def _guarded(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Check the key, turn refusals into answers, and be as slow and as unreliable as the knobs say."""

    async def guard(request: web.Request) -> web.Response:
        till = request.app[TILL]
        try:
            _check_key(request, till)
            if handler in (read_control, turn_knobs) or not (till.knobs.latency_seconds or till.knobs.failure_rate):
                return await handler(request, till)
            return await _troubled(handler, request, till)
        except Refused as refused:
            return _answer({"error": {"code": refused.code, "message": str(refused)}}, refused.status)

    return guard


async def _troubled(handler: Handler, request: web.Request, till: Till) -> web.Response:
    await asyncio.sleep(till.knobs.latency_seconds)
    fate = till.knobs.fate()
    if fate == "lost":
        raise Refused(503, "unavailable", "the provider failed before it did anything")
    answer = await handler(request, till)
    if fate == "answer_lost":
        raise Refused(503, "unavailable", "the provider failed after it had done it")
    return answer


def _check_key(request: web.Request, till: Till) -> None:
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, till.authorization):
        raise Refused(401, "unauthorized", "the API key is missing or wrong")


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        body = None
    if type(body) is not dict:
        raise Refused(400, "invalid", "the body must be a JSON object")
    return body


def _wanted(body: dict[str, Any]) -> Intent:
    method = body.get("method", "card")
    if method not in ("card", "hosted"):
        raise Refused(400, "invalid", 'method must be "card" or "hosted"')
    payment_id = _id("", body.get("payment_id"), "payment_id")
    return Intent(
        id=f"pi_{payment_id}",
        payment_id=payment_id,
        amount=_money(body),
        method=method,
        description=str(body.get("description", ""))[:200],
        return_url=_url(body.get("return_url"), "return_url"),
        webhook_url=None if body.get("webhook_url") is None else _url(body["webhook_url"], "webhook_url"),
    )


def _id(prefix: str, value: object, field: str) -> str:
    try:
        if type(value) is str:
            return prefix + str(UUID(value))
    except ValueError:
        pass
    raise Refused(400, "invalid", f"{field} must be a UUID")


def _money(body: dict[str, Any]) -> Money:
    amount, currency = body.get("amount"), body.get("currency")
    if type(amount) is not int or amount <= 0 or type(currency) is not str:
        raise Refused(400, "invalid", "amount must be a whole number of minor units above 0, with its currency")
    try:
        return Money(amount, currency)
    except ValueError as error:
        raise Refused(400, "invalid", str(error)) from None


def _url(value: object, field: str) -> str:
    if type(value) is str and len(value) <= 2000 and origin_of(value):
        return value
    raise Refused(400, "invalid", f"{field} must be an http or https URL of plain ASCII")


def _card(value: object, till: Till) -> Card:
    """By name or number; without one, the card that the knobs say."""
    if value is None:
        return till.knobs.card
    try:
        return card_numbered(str(value)) or card_named(str(value))
    except ValueError as error:
        raise Refused(400, "invalid", str(error)) from None


def _view(intent: Intent, request: web.Request, till: Till) -> dict[str, Any]:
    if not intent.payable:
        return intent.view(None)
    return intent.view(f"{till.options.public_url or request.url.origin()}{intent.page}")


def _answer(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json")
