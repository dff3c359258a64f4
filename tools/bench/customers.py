"""What customers do: the requests of a hold, of a whole booking, and of looking at events."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter

import orjson

from tools.bench.crowd import Answer, Visit

_BASKET = b'"basket_id":"'
_UUID = 36

CARD = b',"payment":{"method":"card"}'
"""The `payment` member of a checkout that is charged to the provider's approving card."""


@dataclass(slots=True)
class Tally:
    """What the customers of one crowd have achieved; began: when the first of them asked for a hold."""

    done: int = 0
    began: float = 0.0


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def post(path: str, body: bytes, basket: bytes = b"") -> bytes:
    """basket: the one in the browser's cookie, if it has one."""
    cookie = b"Cookie: basket=%b\r\n" % basket if basket else b""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n".encode()
    return b"%b%bContent-Length: %d\r\n\r\n%b" % (head, cookie, len(body), body)


def looking(path: str) -> Visit:
    """Read the same page again and again."""
    request = get(path)
    while True:
        yield request


def holding(events: Sequence[int], tally: Tally, quantity: int = 2) -> Visit:
    """Hold tickets of one of the events, each time as a new customer."""
    while True:
        answer = yield _hold(random.choice(events), quantity)  # noqa: S311 - spreads load
        tally.done += answer.status == 201


def booking(event: int, tally: Tally, payment: bytes = b"", quantity: int = 2) -> Visit:
    """Hold and buy, each time as a new customer. payment: such as CARD, none for what is free."""
    hold = _hold(event, quantity)
    while True:
        answer = yield hold
        if answer.status == 201:
            answer = yield _checkout(answer, payment)
            tally.done += answer.status == 200


def buying_out(event: int, quantity: int, tally: Tally) -> Visit:
    """Book again and again until nothing is left; of the last tickets, as many as there are. Counts tickets.

    A browser that has bought sends the cookie of its last basket along.
    """
    basket = b""
    while quantity:
        tally.began = tally.began or perf_counter()
        answer = yield _hold(event, quantity, basket)
        if answer.status == 201:
            basket = _basket(answer)
            answer = yield _checkout(answer, b"", basket)
            tally.done += quantity * (answer.status == 200)
        elif answer.status == 409:
            quantity = min(quantity, orjson.loads(answer.body)["available_tickets"])
        else:
            return


@lru_cache(maxsize=20_000)  # once for all customers: those of ten thousand events would take seconds to encode for each
def _hold(event: int, quantity: int, basket: bytes = b"") -> bytes:
    return post("/api/basket", b'{"event_id":%d,"quantity":%d}' % (event, quantity), basket)


def _checkout(held: Answer, payment: bytes, basket: bytes = b"") -> bytes:
    return post("/api/checkout", b'{"basket_id":"%b"%b}' % (_basket(held), payment), basket)


def _basket(held: Answer) -> bytes:
    at = held.body.find(_BASKET) + len(_BASKET)
    return held.body[at : at + _UUID]
