"""Which basket a checkout means, and whether it is what the customer saw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from backend.db.pool import Database
from backend.db.queries import load_queries
from backend.domain.baskets import Basket, Baskets, Buyer
from backend.domain.errors import DomainError
from backend.domain.refusals import basket_refusal
from backend.features.orders.schemas import Checkout, CheckoutItem
from backend.features.orders.seen import Line, are_these, is_as_seen

queries = load_queries(__package__)

# So long the same items without a key, from one cookie, are a second click and no second wish.
LATELY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """The basket to buy, and the key under which it is bought. held: for this very request."""

    basket_id: UUID
    key: str | None = None
    held: bool = False


class Wishes:
    """Reads what a checkout wants; holds it when it stands in no basket yet."""

    def __init__(self, database: Database, baskets: Baskets) -> None:
        self._database = database
        self._baskets = baskets

    async def of(self, order: Checkout, buyer: Buyer) -> Wish:
        """The basket that is named, else the cookie's live one, else a new one that holds the items."""
        key = str(buyer.idempotency.id) if buyer.idempotency else None
        if buyer.named is not None:
            return await self._as_seen(Wish(buyer.named, key), order.items, buyer)
        # In this order: when the cookie's basket is no longer live because this very request has bought it, the
        # attempt is there to be found.
        live = await self._baskets.of_cookie(buyer.cookie) if buyer.cookie is not None else None
        before = await self._attempt(buyer)
        if before is not None:
            return before
        if live is not None:
            return await self._as_seen(Wish(live, key), order.items, buyer)
        if order.items:
            await self._demand_a_new_wish(order.items, buyer)
            return await self._held_now(order.items, buyer, key)
        if buyer.cookie is None:
            raise DomainError("basket-empty", "There is no basket: send basket_id, its cookie, or items.")
        return Wish(buyer.cookie, key)

    async def give_back(self, wish: Wish) -> None:
        """Let go of what was held for a request that is refused, if somebody else has not got it by the same key."""
        with suppress(DomainError):
            await self._baskets.give_back(wish.basket_id)

    async def _attempt(self, buyer: Buyer) -> Wish | None:
        """What this very request has bought or tried to before, with its cookie or when it had none."""
        if buyer.idempotency is None:
            return None
        keys = [str(buyer.idempotency.id), str(buyer.idempotency.without_cookie)]
        row = await self._database.fetch_one(queries.attempt, {"keys": keys}, retry=True)
        return Wish(row[1], row[0]) if row else None

    async def _as_seen(self, wish: Wish, seen: Sequence[CheckoutItem], buyer: Buyer) -> Wish:
        """The wish; DomainError when its basket is not what was seen, unless the same has been answered before."""
        basket = await self._baskets.read(wish.basket_id) if seen else None
        if basket is None or is_as_seen(basket, seen):
            return wish
        before = await self._attempt(buyer)
        if before is None:
            raise _changed(basket, {"basket_id": str(basket.id)})
        return before

    async def _held_now(self, items: Sequence[CheckoutItem], buyer: Buyer, key: str | None) -> Wish:
        wanted = [item.wanted() for item in items]
        try:
            basket_id = await self._baskets.hold(wanted, buyer)
        except DomainError as gone:
            if gone.slug != "basket-expired" or buyer.idempotency is None:
                raise
            # This request was refused before, and what it held went back: it is judged anew.
            basket_id = await self._baskets.hold(wanted, replace(buyer, idempotency=None))
        wish = Wish(basket_id, key, held=True)
        # What was held a moment ago can differ only in its prices.
        if any(item.price is not None for item in items):
            basket = await self._baskets.read(basket_id)
            if basket is not None and not is_as_seen(basket, items):
                await self.give_back(wish)
                raise _changed(basket, {})
        return wish

    async def _demand_a_new_wish(self, items: Sequence[CheckoutItem], buyer: Buyer) -> None:
        """DomainError for a second click: the first is buying, or has just bought, the same."""
        if buyer.cookie is None or buyer.idempotency is not None:
            return
        rows = await self._database.fetch_all(
            queries.bought_lately, {"cookie": buyer.cookie, "lately": LATELY}, retry=True
        )
        baskets: defaultdict[tuple[UUID, str], list[Line]] = defaultdict(list)
        for basket_id, status, event_id, type_id, quantity in rows:
            baskets[basket_id, status].append((event_id, type_id, quantity))
        for (_, status), lines in baskets.items():
            if are_these(lines, items):
                raise basket_refusal("basket-bought" if status == "paid" else "basket-busy")


def _changed(basket: Basket, more: dict[str, object]) -> DomainError:
    total = {"total": basket.total.major(), "currency": basket.total.currency}
    return DomainError("price-changed", "The basket is no longer what you saw. Nothing was charged.", {**more, **total})
