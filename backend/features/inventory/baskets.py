"""Baskets on top of holds: choose the ticket types, hold, and say in words what could not be had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import orjson

from backend.db.errors import DatabaseError
from backend.db.pool import Database, Row
from backend.domain.baskets import Basket, BasketLine, Buyer, SeatLabel, Wanted
from backend.domain.errors import DomainError
from backend.domain.ids import derived_id
from backend.domain.money import Money
from backend.domain.offers import Offer, Offers, TicketOffer
from backend.features.inventory.holds import HoldAnswer, HoldLimits, HoldLine, HoldRequest, Holds, queries
from backend.features.inventory.refusals import basket_refusal, hold_refusal
from backend.telemetry.metrics import HOLD_RESULTS, Metrics

_RESULTS = {"held": "held", "replayed": "held", "sold-out": "sold_out"}  # as the metric names them

Chosen = tuple[Offer, TicketOffer, HoldLine]


class HeldBaskets:
    """The baskets of all customers; keeps the contract `backend.domain.baskets.Baskets`."""

    def __init__(
        self,
        database: Database,
        holds: Holds,
        offers: Offers,
        *,
        limits: HoldLimits,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._holds = holds
        self._offers = offers
        self._limits = limits
        self._counted = {result: metrics.holds.labels(result) for result in HOLD_RESULTS}

    async def add(self, wanted: Wanted, buyer: Buyer) -> Basket:
        """Hold tickets for ten minutes, in the customer's basket or a new one: all of them, or DomainError."""
        chosen = await self._choose([wanted], buyer)
        answer = await self._hold(chosen, buyer)
        ticket_type = chosen[0][1]
        known = buyer.basket is None and not ticket_type.seated and answer.price_minor == ticket_type.price_minor
        if known and answer.result == "held":  # a new basket has this line and no other: no need to read it
            return _basket_of(chosen, answer)
        return await self.read(answer.basket_id) or _basket_of(chosen, answer)

    async def hold(self, wanted: Sequence[Wanted], buyer: Buyer) -> UUID:
        """Hold all of it or none, and answer the basket."""
        return (await self._hold(await self._choose(wanted, buyer), buyer)).basket_id

    async def read(self, basket_id: UUID) -> Basket | None:
        """The basket while it holds anything."""
        rows = await self._database.fetch_all(queries.basket_lines, {"basket": basket_id}, retry=True)
        return _basket_from(basket_id, rows) if rows else None

    async def current(self, buyer: Buyer) -> Basket:
        """The basket that the customer named, or the live one of their cookie. DomainError when there is none."""
        basket_id = await self._id_of(buyer)
        basket = await self.read(basket_id)
        if basket is None:
            known = await self._database.fetch_value(queries.basket_exists, {"basket": basket_id}, retry=True)
            raise basket_refusal("basket-expired" if known else "unknown-basket")
        return basket

    async def of_cookie(self, cookie: UUID) -> UUID | None:
        """The live basket that a cookie means."""
        basket_id: UUID | None = await self._database.fetch_value(
            queries.basket_of_customer, {"cookie": cookie}, retry=True
        )
        return basket_id

    async def extend(self, buyer: Buyer) -> tuple[UUID, datetime]:
        """Give the basket its full time again, once."""
        basket_id = await self._id_of(buyer)
        row = await self._database.fetch_one(queries.extend_basket, {"basket": basket_id, "ttl": self._limits.duration})
        result, expires_at = row or ("unknown-basket", None)
        if result != "extended" or expires_at is None:
            raise basket_refusal(result)
        return basket_id, expires_at

    async def release(self, buyer: Buyer, line: UUID | None = None) -> UUID:
        """Give the basket's tickets back, or those of one line."""
        basket_id = await self._id_of(buyer)
        result = await self._database.fetch_value(queries.release_basket, {"basket": basket_id, "line": line})
        if result != "released":
            raise basket_refusal(result)
        return basket_id

    async def _id_of(self, buyer: Buyer) -> UUID:
        basket_id = buyer.named or (buyer.cookie and (await self.of_cookie(buyer.cookie) or buyer.cookie))
        if basket_id is None:
            raise basket_refusal("unknown-basket")
        return basket_id

    async def _hold(self, chosen: Sequence[Chosen], buyer: Buyer) -> HoldAnswer:
        request = HoldRequest(
            lines=tuple(line for _, _, line in chosen),
            known=buyer.basket,
            strict=buyer.named is not None,
            address=buyer.address if self._limits.tickets_per_address else None,
            fingerprint=buyer.idempotency[1] if buyer.idempotency else None,
        )
        try:
            answer = await self._holds.submit(request)
        except DatabaseError:
            self._counted["shed"].inc()
            raise
        self._counted[_RESULTS.get(answer.result, "conflict")].inc()
        if not answer.held:
            raise hold_refusal(answer)
        return answer

    async def _choose(self, wanted: Sequence[Wanted], buyer: Buyer) -> list[Chosen]:
        """The lines to hold, one for each ticket type; DomainError when the event, type or seat is not there."""
        lines: list[Chosen] = []
        for each in wanted:
            offer = self._offers.cached(each.event_id) or await self._offers.offer(each.event_id)
            if offer is None:
                raise DomainError("not-found", f"There is no event {each.event_id}.")
            for ticket_type, quantity, seats in await self._types_of(each, offer):
                line_id = derived_id(str(buyer.idempotency[0]), str(len(lines))) if buyer.idempotency else None
                line = HoldLine(ticket_type.id, ticket_type.pool_id, quantity, seats)
                lines.append((offer, ticket_type, line if line_id is None else _named(line, line_id)))
        return lines

    async def _types_of(self, wanted: Wanted, offer: Offer) -> list[tuple[TicketOffer, int, tuple[int, ...]]]:
        if not wanted.seat_ids:
            asked = wanted.ticket_type_id
            ticket_type = offer.cheapest(datetime.now(UTC)) if asked is None else offer.type(asked)
            if ticket_type is None:
                raise DomainError("not-found", f"Event {offer.event_id} has no ticket type {asked or 'on offer'}.")
            return [(ticket_type, wanted.quantity, ())]
        type_of = await self._offers.seat_types(offer.event_id, wanted.seat_ids)
        missing = [seat for seat in wanted.seat_ids if seat not in type_of]
        if missing:
            raise DomainError("not-found", f"Event {offer.event_id} has no seat {missing[0]}.")
        if wanted.ticket_type_id is not None and set(type_of.values()) != {wanted.ticket_type_id}:
            raise DomainError("not-found", f"Not all of these seats are of ticket type {wanted.ticket_type_id}.")
        groups: dict[int, list[int]] = {}
        for seat in wanted.seat_ids:
            groups.setdefault(type_of[seat], []).append(seat)
        offered = [(offer.type(type_id), tuple(seats)) for type_id, seats in groups.items()]
        return [(ticket_type, len(seats), seats) for ticket_type, seats in offered if ticket_type is not None]


def _named(line: HoldLine, line_id: UUID) -> HoldLine:
    return HoldLine(line.type_id, line.pool_id, line.quantity, line.seat_ids, line_id)


def _basket_of(chosen: Sequence[Chosen], answer: HoldAnswer) -> Basket:
    """The basket that holds exactly what was just asked for."""
    lines = tuple(
        BasketLine(
            id=line.id,
            event_id=offer.event_id,
            event_name=offer.name,
            starts_at=offer.starts_at,
            timezone=offer.timezone,
            venue=offer.venue,
            refundable_until=offer.refundable_until,
            fee_percent=offer.fee_percent,
            ticket_type_id=ticket_type.id,
            ticket_type=ticket_type.name,
            quantity=line.quantity,
            unit_price=Money(ticket_type.price_minor, offer.currency),
        )
        for offer, ticket_type, line in chosen
    )
    return Basket(answer.basket_id, lines, answer.expires_at, extended=False, paying=False)


def _basket_from(basket_id: UUID, rows: Sequence[Row]) -> Basket:
    """From rows of the query basket_lines."""
    lines = tuple(
        BasketLine(
            id=line_id,
            event_id=event_id,
            event_name=event_name,
            starts_at=starts_at,
            timezone=timezone,
            venue=venue,
            refundable_until=refundable_until,
            fee_percent=fee_bp / 100,
            ticket_type_id=type_id,
            ticket_type=type_name,
            quantity=quantity,
            unit_price=Money(price, currency),
            seats=tuple(SeatLabel(**seat) for seat in orjson.loads(seats)) if seats else (),
        )
        for (
            line_id, event_id, event_name, type_id, type_name, quantity, price, currency, _, _, _,
            starts_at, timezone, venue, refundable_until, fee_bp, seats,
        ) in rows
    )  # fmt: skip
    return Basket(
        basket_id,
        lines,
        expires_at=min(row[8] for row in rows),
        extended=any(row[10] for row in rows),
        paying=any(row[9] == "paying" for row in rows),
    )
