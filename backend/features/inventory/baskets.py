"""Baskets on top of holds: choose the ticket types, hold, and say in words what could not be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import orjson

from backend.db.errors import DatabaseError
from backend.db.pool import Database, Row
from backend.domain.admissions import Gatekeeper
from backend.domain.baskets import Basket, BasketLine, Buyer, Idempotency, SeatLabel, Terms, Wanted
from backend.domain.errors import DomainError
from backend.domain.ids import derived_id, uuid7
from backend.domain.money import Money
from backend.domain.offers import Offer, Offers, TicketOffer
from backend.domain.refusals import basket_refusal
from backend.features.inventory.holds import HoldAnswer, HoldLimits, HoldLine, HoldRequest, Holds, queries
from backend.features.inventory.refusals import hold_refusal
from backend.telemetry.metrics import HOLD_RESULTS, Metrics
from backend.telemetry.stock import ELSEWHERE

_RESULTS = {"held": "held", "replayed": "held", "sold-out": "sold_out"}  # as the metric names them


class HeldBaskets:
    """The baskets of all customers; keeps the contract `backend.domain.baskets.Baskets`."""

    def __init__(  # noqa: PLR0913 - where offer, admission and stock meet
        self,
        database: Database,
        holds: Holds,
        offers: Offers,
        gate: Gatekeeper,
        *,
        limits: HoldLimits,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._holds = holds
        self._offers = offers
        self._gate = gate
        self._limits = limits
        self._counted = {result: metrics.holds.labels(result) for result in HOLD_RESULTS}
        self._lapsed = metrics.orders.labels("lapsed")
        self._asking = metrics.stock.asking

    async def add(self, wanted: Wanted, buyer: Buyer) -> Basket:
        """Hold tickets for ten minutes, in the customer's basket or a new one: all of them, or DomainError."""
        if buyer.idempotency is not None and buyer.cookie is not None and buyer.named is None:
            buyer = await self._as_first_asked(buyer, buyer.cookie, buyer.idempotency)
        chosen = await self._choose([wanted], buyer)
        request = self._request(chosen, buyer)
        answer = await self._hold(request, chosen)
        told = _basket_of(chosen, answer)
        if _is_all_of_it(chosen, request, answer):
            return told
        try:
            return await self.read(answer.basket_id) or told
        except DatabaseError:
            return told  # the tickets are held, whatever else the basket has

    async def hold(self, wanted: Sequence[Wanted], buyer: Buyer) -> UUID:
        """Hold all of it or none, and answer the basket."""
        chosen = await self._choose(wanted, buyer)
        return (await self._hold(self._request(chosen, buyer), chosen)).basket_id

    async def read(self, basket_id: UUID) -> Basket | None:
        """The basket while it holds anything."""
        rows = await self._database.fetch_all(queries.basket_lines, {"basket": basket_id}, retry=True)
        return _basket_from(basket_id, rows) if rows else None

    async def current(self, buyer: Buyer) -> Basket:
        """The basket that the customer named, or the live one of their cookie. DomainError when there is none."""
        basket_id = await self._id_of(buyer)
        basket = await self.read(basket_id)
        if basket is None:
            raise basket_refusal(
                await self._database.fetch_value(queries.end_of_basket, {"basket": basket_id}, retry=True)
            )
        return basket

    async def of_cookie(self, cookie: UUID) -> UUID | None:
        """The live basket that a cookie means."""
        basket_id: UUID | None = await self._database.fetch_value(
            queries.basket_of_customer, {"cookie": cookie}, retry=True
        )
        return basket_id

    async def extend(self, buyer: Buyer) -> tuple[UUID, datetime]:
        """Give the basket its full time again, once."""
        asked = buyer.idempotency
        row = await self._database.fetch_one(
            queries.extend_basket,
            {
                "basket": await self._id_of(buyer),
                "ttl": self._limits.duration,
                "key": asked and asked.id,
                "fingerprint": asked and asked.fingerprint,
            },
        )
        result, basket_id, expires_at = row or ("unknown-basket", None, None)
        if result != "extended":
            raise basket_refusal(result)
        return basket_id, expires_at

    async def release(self, buyer: Buyer, line: UUID | None = None) -> UUID:
        """Give the basket's tickets back, or those of one line."""
        basket_id = await self._id_of(buyer)
        row = await self._database.fetch_one(queries.release_basket, {"basket": basket_id, "line": line})
        result, lapsed = row or ("unknown-basket", 0)
        self._lapsed.inc(lapsed)
        if result != "released":
            raise basket_refusal(result)
        return basket_id

    async def give_back(self, basket_id: UUID) -> None:
        """Let go of all that the basket holds."""
        await self.release(Buyer(named=basket_id))

    async def _id_of(self, buyer: Buyer) -> UUID:
        basket_id = buyer.named or (buyer.cookie and (await self.of_cookie(buyer.cookie) or buyer.cookie))
        if basket_id is None:
            raise basket_refusal("unknown-basket")
        return basket_id

    async def _as_first_asked(self, buyer: Buyer, cookie: UUID, asked: Idempotency) -> Buyer:
        """A first request that is sent again may carry the cookie of its answer: it is known by what it was without."""
        first = asked.without_cookie
        known = {"hold": derived_id(str(first), "0"), "basket": cookie}
        if not await self._database.fetch_value(queries.hold_of_basket, known, retry=True):
            return buyer
        return replace(buyer, cookie=None, idempotency=replace(asked, id=first))

    def _request(self, chosen: Sequence[Chosen], buyer: Buyer) -> HoldRequest:
        request = HoldRequest(
            lines=tuple(each.line for each in chosen),
            known=buyer.basket,
            strict=buyer.named is not None,
            address=buyer.address if self._limits.tickets_per_address else None,
            fingerprint=buyer.idempotency.fingerprint if buyer.idempotency else None,
        )
        for each in chosen:
            if each.offer.room is not None:
                self._admit(each.offer, buyer, request)
        return request

    def _admit(self, offer: Offer, buyer: Buyer, request: HoldRequest) -> None:
        """Hold in the basket of the buyer's admission and no other, where the event has a waiting room."""
        basket = self._gate.basket_of(offer, buyer)
        if basket is None:
            return
        if request.known == request.basket_id != basket:
            raise DomainError("validation", "Tickets of two events with a waiting room need a basket each.")
        request.known = request.basket_id = basket
        request.strict = False

    async def _hold(self, request: HoldRequest, chosen: Sequence[Chosen]) -> HoldAnswer:
        event = next((each.offer.event_id for each in chosen if each.offer.room is not None), ELSEWHERE)
        with self._asking(event):
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
        """The lines to hold: one for each ticket type, chosen seats first. DomainError for what is not there."""
        parts: dict[tuple[int, bool], _Part] = {}
        for each in wanted:
            offer = self._offers.cached(each.event_id) or await self._offers.offer(each.event_id)
            if offer is None:
                raise DomainError("not-found", f"There is no event {each.event_id}.")
            if each.seat_ids:
                await self._choose_seats(each, offer, parts)
            else:
                ticket_type = _type_of(each, offer)
                part = parts.setdefault((ticket_type.id, False), _Part(offer, ticket_type))
                part.quantity += each.quantity
        ordered = sorted(parts.values(), key=lambda part: not part.seats) if len(parts) > 1 else [*parts.values()]
        if buyer.idempotency is None:
            return [part.chosen(uuid7()) for part in ordered]
        identity = str(buyer.idempotency.id)
        return [part.chosen(derived_id(identity, str(number))) for number, part in enumerate(ordered)]

    async def _choose_seats(self, wanted: Wanted, offer: Offer, parts: dict[tuple[int, bool], _Part]) -> None:
        seats = await self._offers.seats(offer.event_id, wanted.seat_ids)
        for seat_id in wanted.seat_ids:
            seat = seats.get(seat_id)
            ticket_type = offer.type(seat.type_id) if seat else None
            if seat is None or ticket_type is None:
                raise DomainError("not-found", f"Event {offer.event_id} has no seat {seat_id} on offer.")
            if wanted.ticket_type_id not in {None, ticket_type.id}:
                raise DomainError("not-found", f"Seat {seat_id} is not of ticket type {wanted.ticket_type_id}.")
            part = parts.setdefault((ticket_type.id, True), _Part(offer, ticket_type))
            if seat.label in part.seats:
                raise DomainError("validation", f"Seat {seat_id} is named twice.")
            part.seats.append(seat.label)
            part.quantity += 1


@dataclass(slots=True)
class Chosen:
    """A line to be held, with what is known of it before."""

    offer: Offer
    ticket_type: TicketOffer
    line: HoldLine
    seats: tuple[SeatLabel, ...]


@dataclass(slots=True)
class _Part:
    """A line in the making."""

    offer: Offer
    ticket_type: TicketOffer
    quantity: int = 0
    seats: list[SeatLabel] = field(default_factory=list)

    def chosen(self, line_id: UUID) -> Chosen:
        seats = tuple(self.seats)
        ids = tuple(sorted(seat.id for seat in seats)) if seats else ()
        offered = self.ticket_type
        return Chosen(self.offer, offered, HoldLine(offered.id, offered.pool_id, self.quantity, ids, line_id), seats)


def _type_of(wanted: Wanted, offer: Offer) -> TicketOffer:
    asked = wanted.ticket_type_id
    found = offer.cheapest(datetime.now(UTC)) if asked is None else offer.type(asked)
    if found is None:
        raise DomainError("not-found", f"Event {offer.event_id} has no ticket type {asked or 'on offer'}.")
    return found


def _is_all_of_it(chosen: Sequence[Chosen], request: HoldRequest, answer: HoldAnswer) -> bool:
    """Whether a new basket was made, of which everything is known: then there is no need to read it."""
    first = chosen[0]
    return (
        len(chosen) == 1
        and answer.result == "held"
        and answer.basket_id == request.basket_id != request.known
        and answer.price_minor == first.ticket_type.price_minor
        and (bool(first.seats) or not first.ticket_type.seated)
    )


def _basket_of(chosen: Sequence[Chosen], answer: HoldAnswer) -> Basket:
    """The basket that holds exactly what was just asked for."""
    lines = tuple(
        [
            BasketLine(each.line.id, each.offer.terms(each.ticket_type), each.line.quantity, each.seats)
            for each in chosen
        ]
    )
    return Basket(answer.basket_id, lines, answer.expires_at, extended=False, paying=False)


def _basket_from(basket_id: UUID, rows: Sequence[Row]) -> Basket:
    """From rows of the query basket_lines."""
    lines = tuple(
        BasketLine(
            line_id,
            Terms(
                event_id, event_name, starts_at, timezone, venue, refundable_until, fee_bp / 100, type_id, type_name,
                Money(price, currency),
            ),
            quantity,
            tuple(SeatLabel(**seat) for seat in orjson.loads(seats)) if seats else (),
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
