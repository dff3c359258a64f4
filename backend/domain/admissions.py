"""Places in a waiting room and admissions to a sale: signed words, so that nobody has to look them up."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from backend.domain.baskets import Buyer
from backend.domain.ids import derived_id
from backend.domain.offers import Offer

_BYTES = 18  # 144 bits: beyond guessing


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the room of one event. number: in the order of admission, 0 while its holder has not been told."""

    event_id: int
    id: UUID
    number: int = 0

    @property
    def basket_id(self) -> UUID:
        """The one basket that this place can fill, however many have its admission."""
        return derived_id("place", str(self.event_id), str(self.id))


@dataclass(frozen=True, slots=True)
class Admission:
    """Leave for a place to hold tickets of its event until `expires` (unix seconds)."""

    place: Place
    expires: int


class Gatekeeper(Protocol):
    """Who lets customers to the stock of an event that has a waiting room."""

    def basket_of(self, offer: Offer, buyer: Buyer) -> UUID | None:
        """The basket that the buyer's admission opens, None when none is needed. DomainError without a good one."""


class RoomKeys:
    """Signs and reads places and admissions.

    secrets: the first signs, all are believed, so that a secret can be replaced while people wait.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or any(len(secret) < 16 for secret in secrets):
            raise ValueError("a waiting room's secret has at least 16 characters")
        self._secrets = [secret.encode() for secret in secrets]

    def place_token(self, place: Place) -> str:
        return self._signed("place", place.event_id, place.id, place.number)

    def admission_token(self, admission: Admission) -> str:
        return self._signed("admission", admission.place.event_id, admission.place.id, admission.expires)

    def place(self, token: str) -> Place | None:
        """The place that it names; None when it is not one of ours."""
        found = self._read("place", token)
        return Place(*found) if found else None

    def admission(self, token: str) -> Admission | None:
        """The admission that it is, over or not; None when it is not one of ours."""
        found = self._read("admission", token)
        return Admission(Place(found[0], found[1]), found[2]) if found else None

    def _signed(self, kind: str, event_id: int, place_id: UUID, number: int) -> str:
        said = f"{event_id}.{place_id.hex}.{number}"
        return f"{said}.{_signature(self._secrets[0], kind, said)}"

    def _read(self, kind: str, token: str) -> tuple[int, UUID, int] | None:
        said, _, signature = token.rpartition(".")
        given = signature.encode(errors="surrogatepass")  # a header may hold bytes that are no text
        # All are compared, so that a wrong one takes the same time whichever secret is in force.
        fits = [hmac.compare_digest(_signature(secret, kind, said).encode(), given) for secret in self._secrets]
        if not any(fits):
            return None
        event_id, place_id, number = said.split(".")
        return int(event_id), UUID(hex=place_id), int(number)


def _signature(secret: bytes, kind: str, said: str) -> str:
    digest = hmac.digest(secret, f"{kind}:{said}".encode(errors="surrogatepass"), "sha256")
    return urlsafe_b64encode(digest[:_BYTES]).decode()
