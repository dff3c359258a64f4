"""What the shop writes to Stripe: form fields, and amounts in Stripe's own idea of minor units."""

from __future__ import annotations

from typing import Final

from backend.domain.money import Money, exponent
from backend.domain.payments import PaymentRequest, ProviderRefused

# Where Stripe's digits are not those of ISO 4217 (https://docs.stripe.com/currencies#minor-units).
_STRIPE_DIGITS: Final = {"ISK": 2, "MGA": 0, "UGX": 2}
# Of three digits Stripe takes the first two only.
_LAST_DIGIT_ZERO: Final = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def stripe_amount(money: Money) -> int:
    """The amount as Stripe counts it; ProviderRefused for one that Stripe cannot charge exactly."""
    digits = exponent(money.currency)
    coarser = digits - _STRIPE_DIGITS.get(money.currency, digits)
    amount, rest = divmod(money.minor, int(10**coarser)) if coarser > 0 else (money.minor * int(10**-coarser), 0)
    if rest or (money.currency in _LAST_DIGIT_ZERO and amount % 10):
        raise ProviderRefused(f"{money} is finer than Stripe can charge")
    return amount


def session_form(request: PaymentRequest) -> dict[str, str]:
    """A Checkout Session in payment mode. The same request gives the same form, as Stripe's idempotency demands."""
    payment_id = str(request.payment_id)
    form = {
        "mode": "payment",
        "client_reference_id": payment_id,
        "success_url": request.return_url,
        "cancel_url": request.return_url,
        # Cards and wallets settle at once; a debit that fails days later would be too late for a ticket.
        "payment_method_types[0]": "card",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": request.amount.currency.lower(),
        "line_items[0][price_data][unit_amount]": str(stripe_amount(request.amount)),
        "line_items[0][price_data][product_data][name]": request.description,
        "payment_intent_data[metadata][payment_id]": payment_id,
        "payment_intent_data[metadata][order_id]": str(request.order_id),
    }
    if request.email:
        form["customer_email"] = request.email
    return form
