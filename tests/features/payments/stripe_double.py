"""The part of Stripe's HTTP API that the shop uses, behaving as documented, and the customer on Stripe's page.

Documented, and kept here: bearer key, pinned version, form encoding with unknown parameters refused, idempotency keys
that replay the first answer and refuse another form, sessions whose Payment Intent exists only once confirmed,
refunds bounded by the charge, error objects, signed events.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
from aiohttp import web

from backend.domain.signatures import sign

SECRET_KEY = "sk_test_double"
WEBHOOK_SECRET = "whsec_double"

Object = dict[str, Any]
_KNOWN_SESSION_FIELDS = re.compile(
    r"mode|client_reference_id|customer_email|success_url|cancel_url|payment_method_types\[\d\]"
    r"|line_items\[0\]\[quantity\]|line_items\[0\]\[price_data\]\[(currency|unit_amount|product_data\]\[name)\]"
    r"|payment_intent_data\[metadata\]\[\w+\]"
)
_KNOWN_REFUND_FIELDS = re.compile(r"payment_intent|amount|metadata\[\w+\]")


class StripeError(Exception):
    """Answered as Stripe answers errors."""

    def __init__(self, status: int, kind: str, code: str | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": message}}


@dataclass
class StripeDouble:
    """One account. `events` are what it would send to the webhook endpoint.

    trouble: a status that every call gets instead of an answer; answers_lost: the same, but after it was done.
    """

    sessions: dict[str, Object] = field(default_factory=dict)
    forms: dict[str, dict[str, str]] = field(default_factory=dict)
    intents: dict[str, Object] = field(default_factory=dict)
    charges: dict[str, Object] = field(default_factory=dict)
    refunds: list[Object] = field(default_factory=list)
    events: list[Object] = field(default_factory=list)
    trouble: int | None = None
    answers_lost: bool = False
    refund_status: str = "succeeded"
    _answers: dict[str, tuple[dict[str, str], int, bytes]] = field(default_factory=dict)
    _ids: count[int] = field(default_factory=lambda: count(1))

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._as_stripe_does])
        app.router.add_post("/v1/checkout/sessions", self._create_session)
        app.router.add_get("/v1/checkout/sessions", self._list_sessions)
        app.router.add_get("/v1/checkout/sessions/{id}", self._read_session)
        app.router.add_post("/v1/checkout/sessions/{id}/expire", self._expire_session)
        app.router.add_get("/v1/payment_intents/search", self._search_intents)
        app.router.add_post("/v1/refunds", self._create_refund)
        app.router.add_get("/v1/refunds", self._list_refunds)
        return app

    # The customer, and what happens at Stripe by itself.

    def customer_pays(self, session_id: str) -> bool:
        """Confirm on Stripe's page with a good card; False when the session is no longer open."""
        session = self.sessions[session_id]
        if session["status"] != "open":
            return False
        intent = self._confirmed(session)
        charge: Object = {
            "id": self._id("ch"),
            "object": "charge",
            "created": int(time.time()),
            "payment_method_details": {"type": "card"},
        }
        self.charges[charge["id"]] = charge
        intent.update(status="succeeded", last_payment_error=None, latest_charge=charge["id"])
        session.update(status="complete", payment_status="paid", url=None)
        self.emit("checkout.session.completed", session)
        return True

    def customer_is_declined(self, session_id: str) -> None:
        """A declined card leaves the session open for another one."""
        intent = self._confirmed(self.sessions[session_id])
        error = {"code": "card_declined", "decline_code": "insufficient_funds", "type": "card_error"}
        intent.update(status="requires_payment_method", last_payment_error=error)
        self.emit("payment_intent.payment_failed", intent)

    def emit(self, kind: str, about: Object) -> Object:
        event = {
            "id": self._id("evt"),
            "object": "event",
            "created": int(time.time()),
            "type": kind,
            "data": {"object": dict(about)},
        }
        self.events.append(event)
        return event

    def delivery(self, event: Object) -> tuple[bytes, dict[str, str]]:
        """Body and headers of the webhook call."""
        raw = orjson.dumps(event)
        return raw, {"Stripe-Signature": sign(raw, WEBHOOK_SECRET, time.time())}

    def _confirmed(self, session: Object) -> Object:
        if session["payment_intent"] is None:
            form = self.forms[session["id"]]
            intent_id = session["payment_intent"] = self._id("pi")
            self.intents[intent_id] = {
                "id": intent_id,
                "object": "payment_intent",
                "amount": session["amount_total"],
                "currency": session["currency"],
                "metadata": _metadata(form, "payment_intent_data[metadata]"),
                "latest_charge": None,
            }
        return self.intents[session["payment_intent"]]

    # The API.

    @web.middleware
    async def _as_stripe_does(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self.trouble is not None:
            return web.json_response({"error": {"type": "api_error"}}, status=self.trouble)
        try:
            _check_headers(request)
            answer = await self._once(request, handler)
            return web.Response(status=502) if self.answers_lost else answer
        except StripeError as error:
            return web.json_response(error.body, status=error.status)

    async def _once(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method != "POST":
            return await handler(request)
        form = await _form(request)
        if key in self._answers:
            first, status, body = self._answers[key]
            if first != form:
                raise StripeError(400, "idempotency_error", None, "Keys can only be used with the same parameters")
            headers = {"Idempotent-Replayed": "true"}
            return web.Response(body=body, status=status, content_type="application/json", headers=headers)
        answer = await handler(request)
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        self._answers[key] = (form, answer.status, answer.body)
        return answer

    async def _create_session(self, request: web.Request) -> web.Response:
        form = _known(await _form(request), _KNOWN_SESSION_FIELDS)
        price = "line_items[0][price_data]"
        if form["mode"] != "payment" or not form["success_url"].startswith("http"):
            raise StripeError(400, "invalid_request_error", "url_invalid", "Not a valid URL")
        if form[f"{price}[currency]"] != form[f"{price}[currency]"].lower() or int(form[f"{price}[unit_amount]"]) < 1:
            raise StripeError(400, "invalid_request_error", "parameter_invalid_integer", "Invalid positive integer")
        session_id = self._id("cs_test")
        self.forms[session_id] = form
        session = self.sessions[session_id] = {
            "id": session_id,
            "object": "checkout.session",
            "amount_total": int(form[f"{price}[unit_amount]"]) * int(form["line_items[0][quantity]"]),
            "currency": form[f"{price}[currency]"],
            "client_reference_id": form.get("client_reference_id"),
            "status": "open",
            "payment_status": "unpaid",
            "payment_intent": None,
            "url": f"https://checkout.stripe.com/c/pay/{session_id}",
        }
        return web.json_response(session)

    async def _read_session(self, request: web.Request) -> web.Response:
        session = dict(self._session(request))
        expanded = request.query.get("expand[]", "")
        if expanded.startswith("payment_intent") and session["payment_intent"]:
            intent = session["payment_intent"] = dict(self.intents[session["payment_intent"]])
            if expanded == "payment_intent.latest_charge" and intent["latest_charge"]:
                intent["latest_charge"] = self.charges[intent["latest_charge"]]
        return web.json_response(session)

    async def _expire_session(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session["status"] != "open":
            message = 'Only Checkout Sessions with a status in ["open"] can be expired.'
            raise StripeError(400, "invalid_request_error", None, message)
        session.update(status="expired", url=None)
        self.emit("checkout.session.expired", session)
        return web.json_response(session)

    async def _list_sessions(self, request: web.Request) -> web.Response:
        wanted = request.query.get("payment_intent")
        newest_first = list(reversed(self.sessions.values()))
        found = [session for session in newest_first if wanted in (None, session["payment_intent"])]
        return _list_of(found[: int(request.query.get("limit", "10"))])

    async def _search_intents(self, request: web.Request) -> web.Response:
        matched = re.fullmatch(r"metadata\['(\w+)'\]:'([^']+)'", request.query["query"])
        if matched is None:
            raise StripeError(400, "invalid_request_error", None, "We were unable to parse your search query")
        return _list_of([one for one in self.intents.values() if one["metadata"].get(matched[1]) == matched[2]])

    async def _create_refund(self, request: web.Request) -> web.Response:
        form = _known(await _form(request), _KNOWN_REFUND_FIELDS)
        intent = self.intents.get(form["payment_intent"])
        if intent is None:
            raise StripeError(404, "invalid_request_error", "resource_missing", "No such payment_intent")
        if intent["status"] != "succeeded":
            raise StripeError(
                400, "invalid_request_error", None, "This PaymentIntent does not have a successful charge"
            )
        amount = int(form["amount"])
        if amount + self.refunded(intent["id"]) > intent["amount"]:
            raise StripeError(
                400, "invalid_request_error", "charge_already_refunded", "Refund is greater than the charge"
            )
        refund = {
            "id": self._id("re"),
            "object": "refund",
            "amount": amount,
            "payment_intent": intent["id"],
            "metadata": _metadata(form, "metadata"),
            "status": self.refund_status,
            "failure_reason": "lost_or_stolen_card" if self.refund_status == "failed" else None,
        }
        self.refunds.append(refund)
        self.emit("refund.created", refund)
        return web.json_response(refund)

    async def _list_refunds(self, request: web.Request) -> web.Response:
        return _list_of([one for one in self.refunds if one["payment_intent"] == request.query["payment_intent"]])

    def refunded(self, intent_id: str) -> int:
        """Stripe's units given back of that Payment Intent."""
        mine = (one for one in self.refunds if one["payment_intent"] == intent_id and one["status"] != "failed")
        return sum(one["amount"] for one in mine)

    def forget_keys(self) -> None:
        """A day passes: Stripe prunes the idempotency keys."""
        self._answers.clear()

    def _session(self, request: web.Request) -> Object:
        session = self.sessions.get(request.match_info["id"])
        if session is None:
            raise StripeError(404, "invalid_request_error", "resource_missing", "No such checkout.session")
        return session

    def _id(self, prefix: str) -> str:
        return f"{prefix}_{next(self._ids):014d}"


def _check_headers(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {SECRET_KEY}":
        raise StripeError(401, "invalid_request_error", None, "Invalid API Key provided")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d\.[a-z]+", request.headers.get("Stripe-Version", "")):
        raise StripeError(400, "invalid_request_error", None, "Invalid Stripe API version")


async def _form(request: web.Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.post()).items()}


def _known(form: dict[str, str], fields: re.Pattern[str]) -> dict[str, str]:
    for name in form:
        if not fields.fullmatch(name):
            raise StripeError(400, "invalid_request_error", "parameter_unknown", f"Received unknown parameter: {name}")
    return form


def _metadata(form: dict[str, str], prefix: str) -> dict[str, str]:
    return {
        name.removeprefix(f"{prefix}[").removesuffix("]"): value
        for name, value in form.items()
        if name.startswith(f"{prefix}[")
    }


def _list_of(found: list[Object]) -> web.Response:
    return web.json_response({"object": "list", "data": found, "has_more": False})
