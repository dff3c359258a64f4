"""Checkout's and the order's answers are plain values for speed; each is exactly what its model documents."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from backend.domain.money import Money
from backend.domain.orders import EventView, OrderView, TicketView
from backend.domain.tokens import OrderTokens
from backend.features.orders.attempts import Bought
from backend.features.orders.orders import PaymentView, RefundView, WholeOrder
from backend.features.orders.schemas import CheckoutView, OrderAnswer
from backend.features.orders.views import checkout_view, order_answer
from backend.web.routes import View, reply

NOW = datetime(2026, 11, 23, 9, 5, 0, 123, tzinfo=UTC)
ORDER = UUID("01936b2e-7a00-7000-8000-0000c0ffee42")
TOKENS = OrderTokens(["a secret for tests only"])
EVENING = EventView(7, "Evening", NOW + timedelta(days=30), "Europe/Dublin", "Hall", "Cork")


def as_documented(model: type[View], view: dict[str, object]) -> Any:
    """The answer as a client reads it, when it has the model's fields, all of them and no others."""
    body = reply(view).body
    assert isinstance(body, bytes)
    model.model_validate_json(body, strict=True)
    return orjson.loads(body)


def whole(status: str = "paid", *tickets: TicketView, **more: Any) -> WholeOrder:
    view = OrderView(
        ORDER, status, Money(9000, "EUR"), NOW, tickets, "Ada", "a@example.com",  # type: ignore[arg-type] # status: any text of the table
        refundable_until=more.pop("refundable_until", NOW + timedelta(days=7)),
        fee=Money(900, "EUR") if tickets else None,
    )  # fmt: skip
    parts = {"payment": None, "refunds": (), "basket_id": UUID(int=3), "held_until": None, **more}
    return WholeOrder(view, **parts)


def test_a_settled_checkout() -> None:
    bought = Bought(ORDER, "paid", UUID(int=9), Money(9000, "EUR"), (UUID(int=1), UUID(int=2)))
    view = as_documented(CheckoutView, checkout_view(bought, TOKENS))
    assert (view["status"], view["total"], view["transaction_id"]) == ("paid", 90.0, str(UUID(int=9)))
    assert [ticket["code"] for ticket in view["tickets"]] == [UUID(int=1).hex, UUID(int=2).hex]
    assert view["tickets"][0]["pdf_url"].endswith(f".pdf?token={view['order_token']}")
    assert TOKENS.fits(ORDER, view["order_token"])


@pytest.mark.parametrize("pay_url", [None, "https://pay.example.com/1"])
def test_a_checkout_that_waits_for_its_payment(pay_url: str | None) -> None:
    bought = Bought(ORDER, "pending", UUID(int=9), Money(9000, "EUR"), pay_url=pay_url)
    view = as_documented(CheckoutView, checkout_view(bought, TOKENS))
    assert (view["status"], view["payment_url"], view["tickets"]) == ("pending", pay_url, [])


def test_an_order_that_is_paid() -> None:
    seat = TicketView(UUID(int=1), EVENING, "Stalls", Money(6550, "EUR"), "row C, seat 4")
    order = whole("paid", seat, payment=PaymentView("succeeded", None, None))
    view = as_documented(OrderAnswer, order_answer(order, "token", NOW))
    assert (view["cancellable"], view["cancellation_fee"], view["basket_id"]) == (True, 9.0, None)
    assert (view["tickets"][0]["seat"], view["tickets"][0]["price"]) == ("row C, seat 4", 65.5)
    late = order_answer(order, "token", NOW + timedelta(days=7))
    assert (late["cancellable"], late["cancellation_refund"], late["cancellation_fee"]) == (False, None, None)


def test_an_order_whose_payment_failed_and_can_be_tried_again() -> None:
    order = whole("pending", held_until=NOW, payment=PaymentView("failed", "declined", None), refundable_until=None)
    view = as_documented(OrderAnswer, order_answer(order, "token", NOW))
    assert (view["basket_id"], view["held_until"]) == (str(UUID(int=3)), "2026-11-23T09:05:00.000123Z")
    assert view["payment"] == {"status": "failed", "failure": "declined", "payment_url": None}
    assert (view["cancellable"], view["tickets"]) == (False, [])


def test_an_order_that_was_given_back() -> None:
    void = TicketView(UUID(int=1), EVENING, "Stalls", Money(9000, "EUR"), None, "void")
    refunds = tuple(
        RefundView(Money(8100, "EUR"), status, "cancelled") for status in ("due", "in_transit", "done", "failed")
    )
    view = as_documented(OrderAnswer, order_answer(whole("cancelled", void, refunds=refunds), "token", NOW))
    assert [refund["status"] for refund in view["refunds"]] == ["due", "in_transit", "done", "failed"]
    assert not view["cancellable"]


def test_a_ticket_that_was_used_keeps_its_order_from_being_cancelled() -> None:
    used = TicketView(UUID(int=1), EVENING, "Stalls", Money(9000, "EUR"), None, "checked_in")
    assert not order_answer(whole("paid", used), "token", NOW)["cancellable"]
