"""The basket over HTTP."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web

from backend.features.inventory.baskets import HeldBaskets
from backend.features.inventory.schemas import (
    BasketName,
    BasketQuery,
    BasketView,
    ExtendedView,
    NewHold,
    basket_view,
)
from backend.web.buyers import SECURE_COOKIES, buyer_of
from backend.web.cookies import forget_basket, remember_basket
from backend.web.routes import Routes, reply
from backend.web.wanted import HOLD_REFUSALS

BASKETS = web.AppKey("baskets", HeldBaskets)
routes = Routes()


@routes.post(
    "/api/basket",
    body=NewHold,
    answers={201: BasketView},
    problems=("not-found", *HOLD_REFUSALS, "idempotency-mismatch"),
    idempotent=True,
)
async def hold_tickets(request: web.Request, body: NewHold) -> web.Response:
    """Hold tickets for ten minutes: all of them, or a 409 that says what is left."""
    wanted = body.wanted()
    basket = await request.app[BASKETS].add(wanted, await buyer_of(request, body.basket_id))
    response = reply(basket_view(basket, wanted), status=201)
    remember_basket(response, basket.id, secure=request.app[SECURE_COOKIES])
    return response


@routes.get(
    "/api/basket",
    query=BasketQuery,
    answers={200: BasketView},
    problems=("not-found", "basket-expired", "basket-bought"),
)
async def show_basket(request: web.Request, query: BasketQuery) -> web.Response:
    """The basket, while it holds anything."""
    return reply(basket_view(await request.app[BASKETS].current(await buyer_of(request, query.basket_id))))


@routes.post(
    "/api/basket/extend",
    body=BasketName,
    answers={200: ExtendedView},
    problems=("not-found", "basket-expired", "basket-bought", "basket-busy", "already-extended"),
    idempotent=True,
)
async def extend_basket(request: web.Request, body: BasketName) -> web.Response:
    """Hold the basket for its full time again, once."""
    basket_id, expires_at = await request.app[BASKETS].extend(await buyer_of(request, body.basket_id))
    return reply({"basket_id": basket_id, "expires_at": expires_at})


@routes.delete(
    "/api/basket", query=BasketQuery, answers={204: None}, problems=("not-found", "basket-busy", "basket-bought")
)
async def empty_basket(request: web.Request, query: BasketQuery) -> web.Response:
    """Give all tickets of the basket back."""
    await request.app[BASKETS].release(await buyer_of(request, query.basket_id))
    response = web.Response(status=204)
    forget_basket(response, secure=request.app[SECURE_COOKIES])
    return response


@routes.delete(
    "/api/basket/items/{item_id:uuid}",
    query=BasketQuery,
    answers={204: None},
    problems=("not-found", "basket-busy", "basket-bought"),
)
async def remove_line(request: web.Request, query: BasketQuery, item_id: UUID) -> web.Response:
    """Give the tickets of one line back."""
    await request.app[BASKETS].release(await buyer_of(request, query.basket_id), item_id)
    return web.Response(status=204)
