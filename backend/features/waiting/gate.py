"""The gate between the waiting room and the stock: who may hold tickets of an event that has a room."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from uuid import UUID

from backend.domain.admissions import RoomKeys
from backend.domain.baskets import Buyer
from backend.domain.errors import DomainError
from backend.domain.offers import Offer
from backend.memory import Clock
from backend.telemetry.metrics import ADMISSION_REFUSALS, WaitingMetrics
from backend.web.admissions import admission_shown


class Gate:
    """Keeps the contract `Gatekeeper`, without asking the database.

    Nobody without an admission passes a room, whatever the time: only the database's clock is the sale's.
    """

    def __init__(self, keys: RoomKeys, metrics: WaitingMetrics, clock: Clock = time.time) -> None:
        self._keys = keys
        self._clock = clock
        self._refused = {reason: metrics.refused.labels(reason) for reason in ADMISSION_REFUSALS}

    def basket_of(self, offer: Offer, buyer: Buyer) -> UUID | None:
        """The basket that the buyer's admission opens, None when none is needed. DomainError without a good one."""
        if offer.room in {None, "none"}:
            return None
        token = admission_shown(buyer.headers, offer.event_id)
        now = self._clock()
        if token is None:
            raise self._outside(offer, datetime.fromtimestamp(now, UTC))
        admission = self._keys.admission(token)
        if admission is None:
            raise self._refusal(offer, "forged", "This admission was not given by this shop.")
        if admission.place.event_id != offer.event_id:
            raise self._refusal(offer, "other_event", "This admission is for another event.")
        if admission.expires <= now:
            raise self._refusal(offer, "expired", "The time of this admission is over.")
        basket = admission.place.basket_id
        if buyer.named not in {None, basket}:
            raise self._refusal(offer, "other_basket", "An admission fills one basket of its own: name no other.")
        return basket

    def _outside(self, offer: Offer, now: datetime) -> DomainError:
        """What somebody without an admission is told; the clock of this process decides about the words alone."""
        opens = min((each.on_sale_at for each in offer.types), default=now)
        closes = max((each.off_sale_at for each in offer.types), default=now)
        if offer.room == "gathering" and now < opens:
            return DomainError("not-on-sale", f"The sale opens at {_moment(opens)}.", {"on_sale_at": _moment(opens)})
        if offer.room == "closed" and now >= closes:
            return DomainError(
                "not-on-sale", f"The sale closed at {_moment(closes)}.", {"off_sale_at": _moment(closes)}
            )
        if offer.room == "closed":
            self._count("missing")
            return DomainError("sold-out", "Sold out.", {"available_tickets": 0})
        return self._refusal(offer, "missing", "Everybody waits for their turn here: take a place first.")

    def _refusal(self, offer: Offer, reason: str, words: str) -> DomainError:
        self._count(reason)
        return DomainError("waiting-room", words, {"place_url": f"/api/events/{offer.event_id}/place"})

    def _count(self, reason: str) -> None:
        self._refused[reason].inc()


def _moment(moment: datetime) -> str:
    """As in every other answer: in UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
