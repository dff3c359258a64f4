"""What the shop is told by webhook, in which order and how honestly: the card decides."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from backend.domain.payments import PaymentStatus
from backend.psp.intents import Intent, Refund

Event = dict[str, Any]

_START = secrets.token_hex(6)
_count = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook call.

    signature: "forged" is signed with a secret that is not the shop's, "stale" an hour ago.
    patient: the shop knows it from the answer already, so it may wait for company and share a call.
    """

    url: str
    events: tuple[Event, ...]
    signature: Literal["good", "forged", "stale"] = "good"
    patient: bool = False
    attempt: int = 1


def payment_posts(intent: Intent, *, patient: bool = False) -> list[Post]:
    """The calls that tell of an intent as it is now."""
    if intent.webhook_url is None:
        return []
    url = intent.webhook_url
    told = _payment_event(intent, intent.status)
    posts = [Post(url, (told,))]
    match intent.card.webhooks if intent.card else "once":
        case "once":
            posts = [Post(url, (told,), patient=patient)]
        case "twice":
            posts *= 2
        case "backwards":
            posts += [Post(url, (_payment_event(intent, "processing", age=1),))]
            posts += [Post(url, (_payment_event(intent, "created", age=2),))]
        case "failure_last":
            posts += [Post(url, (_payment_event(intent, "failed", age=1),))]
        case "forged":
            posts = [Post(url, (_payment_event(intent, "succeeded"),), "forged")]
        case "stale":
            posts = [Post(url, (_payment_event(intent, "succeeded", age=3600),), "stale")]
        case "never":
            posts = []
    return posts


def refund_posts(intent: Intent, refund: Refund) -> list[Post]:
    """The call that tells of a refund as it is now."""
    if intent.webhook_url is None:
        return []
    data = {
        "id": refund.id,
        "refund_id": refund.id.removeprefix("re_"),
        "payment_id": intent.payment_id,
        "status": refund.status,
        "failure": refund.failure,
    }
    return [Post(intent.webhook_url, (_event("refund", data),))]


def _payment_event(intent: Intent, status: PaymentStatus, age: float = 0) -> Event:
    data = {"id": intent.id, "payment_id": intent.payment_id, "status": status, "failure": intent.failure}
    return _event("payment", data, age)


def _event(kind: Literal["payment", "refund"], data: dict[str, Any], age: float = 0) -> Event:
    return {
        "id": f"evt_{_START}_{next(_count)}",
        "kind": kind,
        "occurred_at": datetime.now(UTC) - timedelta(seconds=age),
        "data": data,
    }
