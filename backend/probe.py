"""Buys a ticket and gives it back, by the way that customers come, so that the shop is seen to sell while nobody buys.

Its event is not listed and costs nothing, and there is no e-mail address, so no letter is written.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import as_file, files
from time import perf_counter
from typing import Any
from uuid import uuid4

import aiohttp

from backend.db.pool import Database
from backend.features import catalogue
from backend.features.catalogue.apply import apply_events

_SECONDS = 10.0  # for each request; a customer has given up long before


class ProbeError(ValueError):
    """What a customer would have met, in one line."""


async def probe_event(database: Database) -> int:
    """The number of the event that is bought from, which is published if it is not there: it is PROBE_EVENT."""
    with as_file(files(catalogue) / "probe.yaml") as path:
        (change,) = await apply_events(database, path, now=datetime.now(UTC))
    return change.event_id


async def buy_and_give_back(url: str, event_id: int) -> dict[str, float]:
    """Find the event, buy one ticket, open the order, give it back; answer the seconds of each. ProbeError."""
    took: dict[str, float] = {}
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:

        async def step(name: str, method: str, path: str, **request: Any) -> Any:
            began = perf_counter()
            try:
                async with session.request(method, f"{url.rstrip('/')}/api{path}", **request) as answer:
                    body = await answer.json(content_type=None)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                raise ProbeError(f"{name}: {method} {path}: {error or type(error).__name__}") from None
            if answer.status != 200:
                raise ProbeError(f"{name}: {method} {path} is answered {answer.status}: {str(body)[:200]}")
            took[name] = perf_counter() - began
            return body

        await step("find", "GET", f"/events/{event_id}")
        wanted = {"items": [{"event_id": event_id, "quantity": 1}]}
        order = await step("buy", "POST", "/checkout", json=wanted, headers={"Idempotency-Key": str(uuid4())})
        path, holder = f"/orders/{order['order_id']}", {"Authorization": f"Bearer {order['order_token']}"}
        await step("open", "GET", path, headers=holder)
        given_back = await step("give back", "POST", f"{path}/cancel", json={}, headers=holder)
        if (order["status"], given_back["status"]) != ("paid", "cancelled"):
            raise ProbeError(f"the order was {order['status']}, and then {given_back['status']}")
    return took
