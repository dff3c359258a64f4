"""The test cards: each is one thing that can happen to a payment, picked by number on the pay page or by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a payment with this card does.

    outcome: "authenticate" asks on a 3-D Secure page; "process" succeeds only after a while.
    webhooks: how the shop gets to hear of it; "backwards" and "failure_last" come in the wrong order, "forged" and
    "stale" claim a success that never was.
    refund: "bounces" is under way first and fails later. answer: of the API; "late" comes when the shop has given up.
    on_page: offered on the pay page; the others make sense server to server only.
    """

    name: str
    number: str
    title: str
    outcome: Literal["approve", "decline", "authenticate", "process"] = "approve"
    failure: str | None = None
    webhooks: Literal["once", "twice", "backwards", "failure_last", "before_answer", "forged", "stale", "never"] = (
        "once"
    )
    refund: Literal["done", "failed", "late", "bounces"] = "done"
    answer: Literal["now", "late", "unavailable"] = "now"
    on_page: bool = True


_DECLINED = "card_declined"

CARDS = (
    Card(name="approve", number="4242424242424242", title="Approved"),
    Card(name="decline", number="4000000000000002", title="Declined", outcome="decline", failure=_DECLINED),
    Card(
        name="insufficient_funds",
        number="4000000000009995",
        title="Not enough money on it",
        outcome="decline",
        failure="insufficient_funds",
    ),
    Card(
        name="three_d_secure",
        number="4000000000003220",
        title="The bank asks first (3-D Secure)",
        outcome="authenticate",
    ),
    Card(name="late", number="4000000000000077", title="Approved a few seconds later", outcome="process"),
    Card(name="duplicate", number="4000000000000127", title="Approved, the shop is told twice", webhooks="twice"),
    Card(
        name="reordered",
        number="4000000000000143",
        title="Approved, the shop is told in the wrong order",
        webhooks="backwards",
    ),
    Card(
        name="failure_last",
        number="4000000000000168",
        title="Approved, the shop is told of an earlier failure last",
        webhooks="failure_last",
    ),
    Card(
        name="forged",
        number="4000000000000184",
        title="Declined, a forger says it was paid",
        outcome="decline",
        failure=_DECLINED,
        webhooks="forged",
    ),
    Card(
        name="stale",
        number="4000000000000200",
        title="Declined, an hour-old message says it was paid",
        outcome="decline",
        failure=_DECLINED,
        webhooks="stale",
    ),
    Card(name="silent", number="4000000000000226", title="Approved, the shop is never told", webhooks="never"),
    Card(name="refund_failure", number="4000000000000242", title="Approved, refunds fail", refund="failed"),
    Card(name="refund_late", number="4000000000000267", title="Approved, refunds take a while", refund="late"),
    Card(
        name="refund_bounce",
        number="4000000000000283",
        title="Approved, refunds fail after a while",
        refund="bounces",
    ),
    Card(
        name="timeout",
        number="4000000000000309",
        title="Approved after the shop gave up waiting",
        answer="late",
        on_page=False,
    ),
    Card(
        name="webhook_first",
        number="4000000000000325",
        title="Approved, the shop is told before it is answered",
        webhooks="before_answer",
        on_page=False,
    ),
    Card(name="down", number="4000000000000341", title="The provider is down", answer="unavailable", on_page=False),
)

_BY_NAME = {card.name: card for card in CARDS}
_BY_NUMBER = {card.number: card for card in CARDS}


def card_named(name: str) -> Card:
    """The card of that name; ValueError says which there are."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise ValueError(f"there is no test card {name!r}; there are: {', '.join(_BY_NAME)}") from None


def card_numbered(number: str) -> Card | None:
    """The card of that number, however it is spaced; None when it is not one of ours."""
    return _BY_NUMBER.get(number.replace(" ", "").replace("-", ""))
