"""The pay page's HTML. No script anywhere: every step is a link or a form."""

from __future__ import annotations

from decimal import Decimal
from html import escape

from backend.domain.money import Money
from backend.psp.cards import CARDS, Card
from backend.psp.intents import Intent

# The most usual of those that the shop's page writes by a sign.
_SIGNS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}

FAILURES = {
    "card_declined": "The card was declined.",
    "insufficient_funds": "The card was declined: there is not enough money on it.",
    "authentication_failed": "The bank did not get your approval.",
}


def card_form(intent: Intent, card: Card) -> str:
    """Ask for a card, filled in with this one; after a decline, for another one."""
    declined = FAILURES.get(intent.failure or "")
    alert = f'<p class="alert" role="alert">{declined} Nothing was charged. Try another card.</p>' if declined else ""
    hint = f'<p class="hint" id="hint">Test card: {card.title}.</p>'
    return _form_page(intent, alert, f'value="{_spaced(card.number)}"', hint)


def unknown_card_form(intent: Intent, number: str) -> str:
    """Ask again, after a number that is none of the test cards'."""
    hint = '<p class="hint wrong" id="hint">That is not one of the test cards. Pick one from the list below.</p>'
    return _form_page(intent, "", f'value="{escape(number)}" aria-invalid="true" autofocus', hint, unfolded="open")


def bank_page(intent: Intent) -> str:
    """Play the bank of the 3-D Secure step."""
    return _page(
        "Your bank asks",
        f"""<p class="step">3-D Secure</p><h1>Is this you?</h1>
<p>Your test bank wants to know whether you approve a payment of <strong>{_sum(intent.amount)}</strong>.</p>
<form method="post" action="{intent.page}/bank" class="choice">
<button name="answer" value="approve">Approve</button>
<button name="answer" value="refuse" class="quiet">Refuse</button>
</form>""",
    )


def outcome_page(intent: Intent) -> str:
    """Say how a payment ended that can no longer be paid."""
    heading, text = {
        "succeeded": ("Paid", "This payment is done. Your tickets are with the shop."),
        "processing": ("Being processed", "The bank has not answered yet. The shop will hear of it by itself."),
        "failed": ("Not paid", "This payment failed. Nothing was charged."),
    }.get(intent.status, ("Closed", "The shop has closed this payment. Nothing was charged."))
    return _page(
        heading,
        f"""<h1>{heading}</h1><p>{text}</p>{_back(intent, "Back to the shop", "button")}""",
    )


def missing_page() -> str:
    """Say that there is no such payment."""
    return _page(
        "No such payment",
        "<h1>No such payment</h1><p>This link is not one of ours, or no longer. Go back to the shop and pay again.</p>",
    )


def front_page() -> str:
    """For whoever comes without a payment: what this is, and what its cards do."""
    cards = "".join(f'<li><span class="number">{_spaced(card.number)}</span> {card.title}</li>' for card in CARDS)
    return _page(
        "What this is",
        f"""<h1>Nothing to pay</h1>
<p>A shop sends its customers here when they choose to pay on a page. These cards stand for all that can happen:</p>
<ul class="cards">{cards}</ul>""",
    )


def _form_page(intent: Intent, alert: str, field: str, hint: str, unfolded: str = "") -> str:
    return _page(
        f"Pay {_sum(intent.amount)}",
        f"""<h1 class="amount">{_sum(intent.amount)}</h1><p class="what">{escape(intent.description)}</p>{alert}
<form method="post" action="{intent.page}">
<label for="card">Card number</label>
<input id="card" name="card" inputmode="numeric" autocomplete="off" required maxlength="32"
 {field} aria-describedby="hint">
{hint}
<button>Pay {_sum(intent.amount)}</button>
</form>
{_back(intent, "Back to the shop without paying")}
<details {unfolded}><summary>Try what can happen with other cards</summary>
<ul class="cards">{"".join(_choice(intent, one) for one in CARDS if one.on_page)}</ul></details>""",
    )


def _back(intent: Intent, words: str, look: str = "back") -> str:
    return f'<p><a class="{look}" href="{escape(intent.return_url)}">{words}</a></p>'


def _choice(intent: Intent, card: Card) -> str:
    return (
        f'<li><a href="{intent.page}?card={card.name}"><span class="number">{_spaced(card.number)}</span>'
        f" <span>{card.title}</span></a></li>"
    )


def _sum(money: Money) -> str:
    """As the shop's page says it: €1,440.00, or CHF 72.00."""
    amount, _, currency = str(money).partition(" ")
    return f"{_SIGNS.get(currency, f'{currency} ')}{Decimal(amount):,f}"


def _spaced(number: str) -> str:
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def _page(title: str, content: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · Test payment provider</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/pay/style.css">
</head>
<body>
<header><p><strong>Test payment provider</strong> No money moves here. Do not enter a real card.</p></header>
<main>{content}</main>
</body>
</html>
"""
