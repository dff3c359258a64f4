"""What Stripe writes to the shop: sessions, refunds and events, read into the shop's own words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from backend.domain.payments import PaymentIntent, PaymentStatus, RefundResult, RefundStatus, WebhookEvent
from backend.features.payments.answers import URL_LENGTH, optional_text, reference_of, text_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REFUND_STATUSES: Final[dict[str, RefundStatus]] = {
    "pending": "in_transit",
    "requires_action": "in_transit",
    "succeeded": "done",
    "failed": "failed",
    "canceled": "failed",
}


def intent_of(session: dict[str, Any]) -> PaymentIntent:
    """A Checkout Session, its Payment Intent expanded where Stripe was asked to. Raises NONSENSE when it is none."""
    found = session.get("payment_intent")
    behind = found if isinstance(found, dict) else {}
    error = behind.get("last_payment_error") or {}
    status = _session_status(session, behind)
    return PaymentIntent(
        reference=reference_of(session["id"]),
        status=status,
        pay_url=optional_text(session.get("url"), URL_LENGTH),
        failure=optional_text(error.get("decline_code") or error.get("code")),
        paid_at=_paid_at(behind) if status == "succeeded" else None,
    )


def refund_of(refund: dict[str, Any]) -> RefundResult:
    """A refund. Raises NONSENSE when it is none."""
    failure = optional_text(refund.get("failure_reason"))
    return RefundResult(reference_of(refund["id"]), _REFUND_STATUSES[refund["status"]], failure)


def events_of(event: dict[str, Any]) -> tuple[WebhookEvent, ...]:
    """The event, if the shop acts on its type and the object is the shop's own. Raises NONSENSE when broken."""
    read = _READERS.get(event["type"])
    return read(event, event["data"]["object"]) if read else ()


def _session_status(session: dict[str, Any], behind: dict[str, Any]) -> PaymentStatus:
    if session["status"] == "open":
        return "requires_action"
    if session["status"] == "expired":
        return "cancelled"
    if session["payment_status"] == "paid":
        return "succeeded"
    return "failed" if behind.get("status") in ("requires_payment_method", "canceled") else "processing"


def _paid_at(behind: dict[str, Any]) -> datetime | None:
    """When the card was charged. A debit is charged days before it succeeds, so its charge does not tell."""
    charge = behind.get("latest_charge")
    if not isinstance(charge, dict) or (charge.get("payment_method_details") or {}).get("type") != "card":
        return None
    return _time(charge)


def _session_event(event: dict[str, Any], session: dict[str, Any]) -> tuple[WebhookEvent, ...]:
    payment_id = _uuid(session.get("client_reference_id"))
    if payment_id is None:
        return ()
    intent = intent_of(session)
    status = "failed" if event["type"].endswith("async_payment_failed") else intent.status
    return (WebhookEvent(text_of(event["id"]), "payment", intent.reference, payment_id, status, _time(event)),)


def _refund_event(event: dict[str, Any], refund: dict[str, Any]) -> tuple[WebhookEvent, ...]:
    metadata = refund.get("metadata") or {}
    refund_id, payment_id = _uuid(metadata.get("refund_id")), _uuid(metadata.get("payment_id"))
    if refund_id is None:
        return ()
    result = refund_of(refund)
    event_id = text_of(event["id"])
    return (WebhookEvent(event_id, "refund", result.reference, payment_id, result.status, _time(event), refund_id),)


_READERS: Final[dict[str, Callable[[dict[str, Any], dict[str, Any]], tuple[WebhookEvent, ...]]]] = {
    "checkout.session.completed": _session_event,
    "checkout.session.async_payment_succeeded": _session_event,
    "checkout.session.async_payment_failed": _session_event,
    "checkout.session.expired": _session_event,
    "refund.created": _refund_event,
    "refund.updated": _refund_event,
    "refund.failed": _refund_event,
}


def _time(created: dict[str, Any]) -> datetime:
    return _EPOCH + timedelta(seconds=created["created"])


def _uuid(text: str | None) -> UUID | None:
    """None for what somebody else of the same account has put there."""
    try:
        return UUID(text)
    except (TypeError, ValueError, AttributeError):
        return None
