"""Payments through the test provider (backend.psp), which behaves like a real one and moves no money."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, cast, get_args
from uuid import UUID

import orjson

from backend.domain.payments import (
    PaymentIntent,
    PaymentRequest,
    PaymentStatus,
    ProviderUnavailable,
    RefundRequest,
    RefundResult,
    RefundStatus,
    WebhookEvent,
    WebhookRejected,
)
from backend.domain.signatures import BadSignature, verify
from backend.features.payments.http import ProviderHttp, Timeouts

TIMEOUTS: Final = Timeouts(connect=2, total=5)
SIGNATURE_HEADER: Final = "Psp-Signature"
_PAYMENT_STATUSES: Final = frozenset(get_args(PaymentStatus))
_REFUND_STATUSES: Final = frozenset(get_args(RefundStatus))


class PspProvider:
    """The client of the test provider at `url`. It tells the shop of changes at `webhook_url`."""

    name = "test"

    def __init__(
        self,
        url: str,
        *,
        api_key: str,
        webhook_secret: str,
        webhook_url: str,
        timeouts: Timeouts = TIMEOUTS,
    ) -> None:
        headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self._http = ProviderHttp(url, headers, timeouts)
        self._webhook_secret = webhook_secret
        self._webhook_url = webhook_url

    async def create(self, request: PaymentRequest) -> PaymentIntent:
        """Charge at once by card, or send the customer to the pay page."""
        body = {
            "payment_id": request.payment_id,
            "amount": request.amount.minor,
            "currency": request.amount.currency,
            "method": request.method,
            "description": request.description,
            "return_url": request.return_url,
            "webhook_url": self._webhook_url,
        }
        return _intent(await self._http.post("/v1/intents", orjson.dumps(body)))

    async def find(self, payment_id: UUID) -> PaymentIntent | None:
        """The payment of that id, if it arrived."""
        found = await self._http.get("/v1/intents", {"payment_id": str(payment_id)})
        return _intent(found["intents"][0]) if found.get("intents") else None

    async def retrieve(self, reference: str) -> PaymentIntent:
        """The payment as it is now."""
        return _intent(await self._http.get(f"/v1/intents/{reference}"))

    async def cancel(self, reference: str) -> PaymentIntent:
        """Close it, unless it is too late."""
        return _intent(await self._http.post(f"/v1/intents/{reference}/cancel", b"{}"))

    async def refund(self, request: RefundRequest) -> RefundResult:
        """Give money back, once for each refund_id."""
        body = {
            "refund_id": request.refund_id,
            "amount": request.amount.minor,
            "currency": request.amount.currency,
        }
        answer = await self._http.post(f"/v1/intents/{request.reference}/refunds", orjson.dumps(body))
        status = answer.get("status")
        if status not in _REFUND_STATUSES or "id" not in answer:
            raise ProviderUnavailable("the provider's answer is no refund")
        return RefundResult(answer["id"], cast(RefundStatus, status), answer.get("failure"))

    def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> tuple[WebhookEvent, ...]:
        """The events of a signed call; several payments may share one."""
        try:
            verify(raw, headers.get(SIGNATURE_HEADER), self._webhook_secret, time.time())
            return tuple(map(_event, orjson.loads(raw)["events"]))
        except BadSignature as bad:
            raise WebhookRejected(str(bad)) from None
        except (KeyError, TypeError, ValueError) as error:
            raise WebhookRejected(f"not an event of this provider: {error}") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def _intent(answer: dict[str, Any]) -> PaymentIntent:
    status = answer.get("status")
    if status not in _PAYMENT_STATUSES or "id" not in answer:
        raise ProviderUnavailable("the provider's answer is no payment")
    return PaymentIntent(answer["id"], cast(PaymentStatus, status), answer.get("pay_url"), answer.get("failure"))


def _event(event: dict[str, Any]) -> WebhookEvent:
    data, kind = event["data"], event["kind"]
    if data["status"] not in {"payment": _PAYMENT_STATUSES, "refund": _REFUND_STATUSES}[kind]:
        raise ValueError(f"a {kind} is never {data['status']}")
    return WebhookEvent(
        event_id=str(event["id"]),
        kind=kind,
        reference=str(data["id"]),
        payment_id=UUID(data["payment_id"]),
        status=data["status"],
        occurred_at=datetime.fromisoformat(event["occurred_at"]),
        refund_id=UUID(data["refund_id"]) if kind == "refund" else None,
        failure=data.get("failure"),
    )
