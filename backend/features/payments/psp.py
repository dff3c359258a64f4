"""Payments through the test provider (backend.psp), which behaves like a real one and moves no money."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final, cast, get_args
from uuid import UUID

import orjson

from backend.domain.payments import (
    PaymentIntent,
    PaymentRequest,
    PaymentStatus,
    RefundRequest,
    RefundResult,
    RefundStatus,
    WebhookEvent,
    WebhookRejected,
)
from backend.domain.signatures import BadSignature, verify
from backend.features.payments.answers import (
    NONSENSE,
    URL_LENGTH,
    moment_of,
    optional_text,
    reading,
    reference_of,
    text_of,
)
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
        with reading("payment"):
            intents = found["intents"]
            if intents == []:
                return None
            return _intent(intents[0])

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
        with reading("refund"):
            return RefundResult(
                reference_of(answer["id"]),
                cast(RefundStatus, _one_of(_REFUND_STATUSES, answer["status"])),
                optional_text(answer.get("failure")),
            )

    def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> tuple[WebhookEvent, ...]:
        """The events of a signed call; several payments may share one."""
        try:
            verify(raw, headers.get(SIGNATURE_HEADER), self._webhook_secret, time.time())
            return tuple(map(_event, orjson.loads(raw)["events"]))
        except BadSignature as bad:
            raise WebhookRejected(str(bad)) from None
        except NONSENSE as error:
            raise WebhookRejected(f"not an event of this provider: {error}") from None

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()


def _intent(answer: dict[str, Any]) -> PaymentIntent:
    with reading("payment"):
        return PaymentIntent(
            reference_of(answer["id"]),
            cast(PaymentStatus, _one_of(_PAYMENT_STATUSES, answer["status"])),
            optional_text(answer.get("pay_url"), URL_LENGTH),
            optional_text(answer.get("failure")),
            moment_of(answer["paid_at"]) if answer.get("paid_at") else None,
        )


def _event(event: dict[str, Any]) -> WebhookEvent:
    data, kind = event["data"], event["kind"]
    return WebhookEvent(
        event_id=text_of(event["id"]),
        kind=kind,
        reference=reference_of(data["id"]),
        payment_id=UUID(data["payment_id"]),
        status=_one_of({"payment": _PAYMENT_STATUSES, "refund": _REFUND_STATUSES}[kind], data["status"]),
        occurred_at=moment_of(event["occurred_at"]),
        refund_id=UUID(data["refund_id"]) if kind == "refund" else None,
        failure=optional_text(data.get("failure")),
    )


def _one_of(statuses: frozenset[Any], status: Any) -> Any:
    if status not in statuses:
        raise ValueError(f"{status!r} is no status")
    return status
