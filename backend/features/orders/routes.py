"""Checkout, orders and tickets over HTTP. The token is the only key to an order."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from aiohttp import web

from backend.domain.baskets import Buyer
from backend.domain.errors import DomainError
from backend.domain.tokens import OrderTokens
from backend.features.orders.checkout import Till
from backend.features.orders.documents.calendar import calendar_ics
from backend.features.orders.documents.printer import Printer
from backend.features.orders.orders import Orders, WholeOrder
from backend.features.orders.schemas import Cancellation, Checkout, CheckoutView, OrderAnswer, TokenQuery
from backend.features.orders.views import checkout_view, order_answer
from backend.web.buyers import SECURE_COOKIES, buyer_of
from backend.web.cookies import remembering
from backend.web.problems import Problem, problem_of
from backend.web.routes import Routes, reply
from backend.web.wanted import HOLD_REFUSALS

TILL = web.AppKey("till", Till)
ORDERS = web.AppKey("orders", Orders)
TOKENS = web.AppKey("order_tokens", OrderTokens)
PRINTER = web.AppKey("printer", Printer)
routes = Routes()

# The provider may take longer than the usual deadline; its own timeouts end before this one.
_DEADLINE = 8.0


@routes.post(
    "/api/checkout",
    body=Checkout,
    answers={200: CheckoutView, 202: CheckoutView},
    problems=(
        "not-found", *HOLD_REFUSALS, "basket-empty", "price-changed", "order-state", "payment-declined",
        "idempotency-in-flight", "idempotency-mismatch",
    ),
    idempotent=True,
    deadline=_DEADLINE,
)  # fmt: skip
async def check_out(request: web.Request, body: Checkout) -> web.Response:
    """Buy the basket: 200 with the tickets when it is settled, 202 while its payment is not.

    The answer holds the key to the order, so it is repeated only for the same Idempotency-Key and body; the basket's id
    alone, once it has been bought, opens nothing. A declined payment's 402 names the `basket_id` that is still held for
    another try, and leaves its cookie with whoever had none.
    """
    buyer = await buyer_of(request, body.basket_id)
    try:
        bought = await request.app[TILL].buy(body, buyer)
    except DomainError as refused:
        raise _with_basket(request, refused, buyer) from refused
    return reply(checkout_view(bought, request.app[TOKENS]), status=202 if bought.status == "pending" else 200)


@routes.get(
    "/api/orders/{order_id:uuid}",
    query=TokenQuery,
    token=True,
    answers={200: OrderAnswer},
    problems=("unauthorized", "not-found"),
)
async def show_order(request: web.Request, query: TokenQuery, order_id: UUID) -> web.Response:
    """The order with its tickets, its payment and what cancelling would cost."""
    return await _order_reply(request, query, order_id)


@routes.post(
    "/api/orders/{order_id:uuid}/cancel",
    body=Cancellation,
    query=TokenQuery,
    token=True,
    answers={200: OrderAnswer},
    problems=("unauthorized", "not-found", "not-cancellable", "order-state"),
    idempotent=True,
)
async def cancel_order(request: web.Request, body: Cancellation, query: TokenQuery, order_id: UUID) -> web.Response:  # noqa: ARG001 - checked by its schema alone
    """Give the tickets back until `refundable_until`, less the fee. Asked again, it answers the same."""
    _demand_token(request, query, order_id)
    await request.app[ORDERS].cancel(order_id)
    return await _order_reply(request, query, order_id)


@routes.get(
    "/api/orders/{order_id:uuid}/calendar.ics",
    query=TokenQuery,
    token=True,
    answers={200: "text/calendar"},
    problems=("unauthorized", "not-found"),
)
async def show_calendar(request: web.Request, query: TokenQuery, order_id: UUID) -> web.Response:
    """The order's events for a calendar."""
    order = await _order(request, query, order_id)
    return _file(calendar_ics(order.view).encode(), "text/calendar", f"tickets-{order.view.number}.ics")


@routes.get(
    "/api/tickets/{code}.svg",
    query=TokenQuery,
    token=True,
    answers={200: "image/svg+xml"},
    problems=("unauthorized", "not-found"),
)
async def show_ticket(request: web.Request, query: TokenQuery, code: str) -> web.Response:
    """The QR code of one ticket; once it is no longer valid, a picture that says so."""
    order, ticket_code = await _order_of_ticket(request, query, code)
    ticket = next(ticket for ticket in order.view.tickets if ticket.code == ticket_code)
    svg = request.app[PRINTER].svg(ticket)
    return web.Response(body=svg.encode(), content_type="image/svg+xml")


@routes.get(
    "/api/tickets/{code}.pdf",
    query=TokenQuery,
    token=True,
    answers={200: "application/pdf"},
    problems=("unauthorized", "not-found"),
)
async def print_tickets(request: web.Request, query: TokenQuery, code: str) -> web.Response:
    """All valid tickets of this ticket's order, one on each page."""
    order, _ = await _order_of_ticket(request, query, code)
    document = await request.app[PRINTER].pdf(order.view)
    return _file(document, "application/pdf", f"tickets-{order.view.number}.pdf")


def _with_basket(request: web.Request, refused: DomainError, buyer: Buyer) -> Problem:
    """The problem, with the cookie of the basket that it leaves to a customer who has not named any."""
    problem = problem_of(refused)
    if refused.slug == "payment-declined" and "basket_id" in refused.extra and buyer.basket is None:
        basket = UUID(str(refused.extra["basket_id"]))
        problem.headers = {"Set-Cookie": remembering(basket, secure=request.app[SECURE_COOKIES])}
    return problem


async def _order_reply(request: web.Request, query: TokenQuery, order_id: UUID) -> web.Response:
    token = _demand_token(request, query, order_id)
    order = await _order(request, query, order_id)
    return reply(order_answer(order, token, datetime.now(UTC)))


async def _order(request: web.Request, query: TokenQuery, order_id: UUID) -> WholeOrder:
    _demand_token(request, query, order_id)
    order = await request.app[ORDERS].whole(order_id)
    if order is None:
        raise Problem("not-found", "There is no such order.")
    return order


async def _order_of_ticket(request: web.Request, query: TokenQuery, code: str) -> tuple[WholeOrder, UUID]:
    try:
        ticket_code = UUID(hex=code)
    except ValueError:
        raise Problem("not-found", "There is no such ticket.") from None
    order = await request.app[ORDERS].whole_of_ticket(ticket_code)
    if order is None:
        raise Problem("unauthorized", "The link does not open this ticket.")  # as for a wrong token: tells nothing
    _demand_token(request, query, order.view.id)
    return order, ticket_code


def _demand_token(request: web.Request, query: TokenQuery, order_id: UUID) -> str:
    """The token of this order, from the header or the link; a problem when it does not fit."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else query.token
    if not token or not request.app[TOKENS].fits(order_id, token):
        raise Problem("unauthorized", "The link does not open this order.")
    return token


def _file(content: bytes, content_type: str, name: str) -> web.Response:
    disposition = {"Content-Disposition": f'inline; filename="{name}"'}
    return web.Response(body=content, content_type=content_type, headers=disposition)
