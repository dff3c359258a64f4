"""Payments through Stripe: the customer pays on Stripe's own Checkout page, so nothing of Stripe's loads in ours.

A payment's reference is its Checkout Session; the Payment Intent behind it exists once the customer has confirmed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import orjson

from backend.domain.payments import (
    PaymentIntent,
    PaymentRequest,
    ProviderRefused,
    RefundRequest,
    RefundResult,
    WebhookEvent,
    WebhookRejected,
)
from backend.domain.signatures import BadSignature, verify
from backend.features.payments.answers import NONSENSE, reading, reference_of
from backend.features.payments.http import ProviderHttp, Timeouts
from backend.features.payments.stripe_forms import session_form, stripe_amount
from backend.features.payments.stripe_objects import events_of, intent_of, refund_of

API_VERSION: Final = "2025-08-27.basil"
# Stripe takes two to three seconds for a real payment, and a checkout must be answered within eight.
TIMEOUTS: Final = Timeouts(connect=2, total=6)
SIGNATURE_HEADER: Final = "Stripe-Signature"
_SESSIONS: Final = "/v1/checkout/sessions"


class StripeProvider:
    """The client of one Stripe account. ValueError without its two secrets: there is no Stripe without an account."""

    name = "stripe"

    def __init__(
        self,
        *,
        secret_key: str,
        webhook_secret: str,
        api_url: str = "https://api.stripe.com",
        timeouts: Timeouts = TIMEOUTS,
    ) -> None:
        if not secret_key or not webhook_secret:
            raise ValueError("PAYMENT_PROVIDER=stripe needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET")
        headers = {
            "Authorization": f"Bearer {secret_key}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Stripe-Version": API_VERSION,
        }
        self._http = ProviderHttp(api_url, headers, timeouts)
        self._webhook_secret = webhook_secret

    async def create(self, request: PaymentRequest) -> PaymentIntent:
        """Open a Checkout Session, whatever the method: Stripe's customers always act on Stripe's page."""
        return _intent(await self._post(_SESSIONS, session_form(request), f"payment-{request.payment_id}"))

    async def find(self, payment_id: UUID) -> PaymentIntent | None:
        """The session of that payment.

        One that was confirmed is found by its Payment Intent's metadata, which Stripe indexes within a minute. One
        that nobody has paid is worth finding only to close it, so looking through the newest hundred will do.
        """
        query = {"query": f"metadata['payment_id']:'{payment_id}'"}
        with reading("payment"):
            for confirmed in await self._list("/v1/payment_intents/search", query):
                behind = {"payment_intent": reference_of(confirmed["id"])}
                for session in await self._list(_SESSIONS, behind):
                    return await self.retrieve(reference_of(session["id"]))
            for session in await self._list(_SESSIONS, {"limit": "100"}):
                if session["client_reference_id"] == str(payment_id):
                    return intent_of(session)
        return None

    async def retrieve(self, reference: str) -> PaymentIntent:
        """The payment as it is now."""
        return _intent(await self._session(reference))

    async def cancel(self, reference: str) -> PaymentIntent:
        """Expire the session; one that is complete or expired already is answered as it is."""
        try:
            return _intent(await self._post(f"{_SESSIONS}/{reference}/expire", {}))
        except ProviderRefused:
            return await self.retrieve(reference)

    async def refund(self, request: RefundRequest) -> RefundResult:
        """Give money back, once for each refund_id.

        Stripe forgets idempotency keys after a day, so an earlier refund is looked for by its metadata first.
        """
        refund_id = str(request.refund_id)
        with reading("refund"):
            session = await self._session(request.reference)
            if not session["payment_intent"]:
                raise ProviderRefused("not_paid")
            intent = reference_of(session["payment_intent"]["id"])
            for made in await self._list("/v1/refunds", {"payment_intent": intent, "limit": "100"}):
                if made["metadata"].get("refund_id") == refund_id:
                    return refund_of(made)
            form = {
                "payment_intent": intent,
                "amount": str(stripe_amount(request.amount)),
                "metadata[refund_id]": refund_id,
                "metadata[payment_id]": session["client_reference_id"],
            }
            return refund_of(await self._post("/v1/refunds", form, f"refund-{refund_id}"))

    def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> tuple[WebhookEvent, ...]:
        """The event of a signed call, if it is one that the shop acts on."""
        try:
            verify(raw, headers.get(SIGNATURE_HEADER), self._webhook_secret, time.time())
            return events_of(orjson.loads(raw))
        except BadSignature as bad:
            raise WebhookRejected(str(bad)) from None
        except NONSENSE as error:
            raise WebhookRejected(f"not an event of Stripe's: {error}") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def _session(self, reference: str) -> dict[str, Any]:
        return await self._http.get(f"{_SESSIONS}/{reference}", {"expand[]": "payment_intent.latest_charge"})

    async def _list(self, path: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Read it within `reading`."""
        found: list[dict[str, Any]] = (await self._http.get(path, query))["data"]
        if not isinstance(found, list):
            raise TypeError("not a list")
        return found

    async def _post(self, path: str, form: Mapping[str, str], key: str | None = None) -> dict[str, Any]:
        headers = {"Idempotency-Key": key} if key else None
        return await self._http.post(path, urlencode(form).encode(), headers)


def _intent(session: dict[str, Any]) -> PaymentIntent:
    with reading("payment"):
        return intent_of(session)
