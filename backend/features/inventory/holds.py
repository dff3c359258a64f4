"""Holding tickets: many requests, one statement, all or nothing for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from backend.db.arrays import array_literal, text_array_literal, uuid_array_literal
from backend.db.batches import Batcher, BatchLimits
from backend.db.pool import Database
from backend.db.queries import load_queries
from backend.domain.ids import uuid7

queries = load_queries(__package__)


# Not frozen, as in backend.domain.baskets: several of these are made for every request.


@dataclass(slots=True)
class HoldLine:
    """Tickets of one type. seat_ids: the chosen seats, as many as quantity; empty for general admission or any seats.

    id: names the line before it exists; sent again under the same id, the request is recognised.
    """

    type_id: int
    pool_id: int
    quantity: int
    seat_ids: tuple[int, ...] = ()
    id: UUID = field(default_factory=uuid7)


@dataclass(slots=True)
class HoldRequest:
    """Lines that are held together or not at all.

    known: the basket to add to; `strict` when the client named it, so that another one will not do.
    fingerprint: of the request's body, when the client sent an Idempotency-Key.
    basket_id: of the basket that is made when `known` cannot be had; the same as `known` for the only basket that will
    do, there or not.
    """

    lines: tuple[HoldLine, ...]
    known: UUID | None = None
    strict: bool = False
    address: str | None = None
    fingerprint: str | None = None
    basket_id: UUID = field(default_factory=uuid7)


@dataclass(slots=True)
class HoldAnswer:
    """What became of a request; see hold_tickets_v1 for each result and its detail."""

    result: str
    basket_id: UUID
    expires_at: datetime
    price_minor: int | None  # of one ticket of the first line; None for an event that is not there
    detail: str | None

    @property
    def held(self) -> bool:
        return self.result in {"held", "replayed"}


@dataclass(frozen=True, kw_only=True)
class HoldLimits:
    """How long a hold lasts, and how much one client may hold at a time (None: as much as there is)."""

    duration: timedelta = timedelta(minutes=10)
    tickets_per_address: int | None = None
    holds_per_customer: int | None = None


class Holds:
    """The batcher of holds. A lane is a pool: its row is what requests contend for.

    swept: told how many holds expired on demand, and how many orders lapsed by that, because somebody wanted their
    tickets before the worker came.
    """

    def __init__(
        self,
        database: Database,
        limits: HoldLimits,
        batches: BatchLimits | None = None,
        *,
        swept: Callable[[int, int], None] | None = None,
    ) -> None:
        self._database = database
        self._limits = limits
        self._swept = swept
        self._batcher: Batcher[HoldRequest, HoldAnswer] = Batcher(
            self._flush,
            lane=lambda request: request.lines[0].pool_id,
            # The same request twice, or two additions to one basket: the second must see what the first did.
            identity=lambda request: (request.known or request.lines[0].id).int,
            limits=batches,
        )
        self.submit = self._batcher.submit
        self.close = self._batcher.close

    async def _flush(self, requests: Sequence[HoldRequest]) -> list[HoldAnswer]:
        rows = await self._database.fetch_all(queries.hold_tickets, self._columns(requests), urgent=True)
        if rows[-1][0] == "swept":
            _, _, _, expired, lapsed = rows.pop()
            if self._swept is not None:
                self._swept(expired, int(lapsed))
        return [HoldAnswer(*row) for row in rows]

    def _columns(self, requests: Sequence[HoldRequest]) -> dict[str, object]:
        """The batch as arrays, one element per line; see hold_tickets_v1."""
        lines = [(number, request, line) for number, request in enumerate(requests) for line in request.lines]
        types = sorted({line.type_id for _, _, line in lines})
        index = {type_id: position for position, type_id in enumerate(types, start=1)}
        return {
            "request": array_literal(number for number, _, _ in lines),
            "hold": uuid_array_literal(line.id for _, _, line in lines),
            "basket": uuid_array_literal(request.basket_id for _, request, _ in lines),
            "known": uuid_array_literal(request.known for _, request, _ in lines),
            "strict": array_literal(request.strict for _, request, _ in lines),
            "address": text_array_literal(request.address for _, request, _ in lines),
            "fingerprint": text_array_literal(request.fingerprint for _, request, _ in lines),
            "type": array_literal(index[line.type_id] for _, _, line in lines),
            "quantity": array_literal(line.quantity for _, _, line in lines),
            "seats": text_array_literal(array_literal(line.seat_ids) for _, _, line in lines),
            "types": array_literal(types),
            "ttl": self._limits.duration,
            "address_limit": self._limits.tickets_per_address,
            "customer_limit": self._limits.holds_per_customer,
        }
