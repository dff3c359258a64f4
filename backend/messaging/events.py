"""A domain event on its way, and the contract of those who take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

import orjson


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One row of the outbox. `id` is the same each time that the event is delivered again."""

    id: int
    type: str
    order_id: UUID | None
    payload: dict[str, Any]
    created_at: datetime

    def to_json(self) -> str:
        """As it travels through queues."""
        return orjson.dumps(
            {
                "id": self.id,
                "type": self.type,
                "order_id": self.order_id,
                "payload": self.payload,
                "created_at": self.created_at,
            }
        ).decode()

    @classmethod
    def from_json(cls, text: str) -> OutboxEvent:
        """The event that `to_json` wrote; ValueError for anything else."""
        try:
            found = orjson.loads(text)
            order_id = found["order_id"]
            return cls(
                id=int(found["id"]),
                type=str(found["type"]),
                order_id=None if order_id is None else UUID(order_id),
                payload=dict(found["payload"]),
                created_at=datetime.fromisoformat(found["created_at"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a domain event: {error!r}") from error


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an event was not delivered. for_good: trying again is no use."""

    reason: str
    for_good: bool = False


# "skipped": the sink has nothing to do for it, such as a mail to a customer who gave no address.
Outcome = Literal["relayed", "skipped"] | Failure


class Sink(Protocol):
    """Takes events. The same one may come again, as delivery is at least once: it must do no harm."""

    @property
    def name(self) -> str:
        """Stays the same for ever: undelivered events are kept under it."""

    @property
    def wants(self) -> frozenset[str]:
        """Event types: "order.paid", or "order.*" for all that begin so."""

    @property
    def needs_address(self) -> bool:
        """Whether it has nothing to do for an order whose customer left no e-mail address: it is spared those."""

    @property
    def batch(self) -> int:
        """Most events in one call."""

    @property
    def concurrency(self) -> int:
        """Most calls at once."""

    @property
    def timeout(self) -> float:
        """Seconds after which a call is broken off and all its events count as failed."""

    async def deliver(self, events: Sequence[OutboxEvent]) -> Sequence[Outcome]:
        """One outcome for each event, in their order. An exception means that all of them failed."""
