"""Asks a shop from outside whether it sells: `python -m tools.release.smoke URL [--through HOST]`.

It waits for the status, finds its invariants intact and the metrics hidden, and holds a ticket of the first event that
has one, and gives it back: no order, no money, no letter. --through sends all of it to another host, such as a load
balancer whose name the world does not know yet.
"""

import argparse
import asyncio
import socket
import time
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from tools import console
from tools.console import Failure, say

_WAIT_SECONDS = 600.0  # a new load balancer and its targets take minutes
_PAUSE_SECONDS = 2.0
_TRIES = 20  # events to ask for a ticket


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.release.smoke", description=__doc__)
    parser.add_argument("url", help="of the shop, as customers have it")
    parser.add_argument("--through", metavar="HOST", help="where to send requests instead")
    parser.add_argument("--wait", type=float, default=_WAIT_SECONDS, metavar="SECONDS", help="for the first answer")
    options = parser.parse_args(arguments)
    asyncio.run(smoke(options.url.rstrip("/"), through=options.through, wait=options.wait))
    return 0


async def smoke(url: str, *, through: str | None = None, wait: float = _WAIT_SECONDS) -> None:
    """Failure in one line when the shop does not sell."""
    connector = aiohttp.TCPConnector(resolver=_Elsewhere(through) if through else None)
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        visit = _Visit(session, url)
        await visit.status(wait)
        await visit.page()
        await visit.metrics()
        await visit.hold()


class _Visit:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def status(self, wait: float) -> None:
        """Wait until the shop answers; then nothing that must hold may be broken."""
        give_up = time.monotonic() + wait
        while not isinstance(found := await self._try("/api/status"), dict):
            if time.monotonic() > give_up:
                raise Failure(f"{self._url}/api/status does not answer within {wait:.0f} s: {found}")
            await asyncio.sleep(min(_PAUSE_SECONDS, wait / 10))
        broken = found["invariants"]["broken"]
        if broken:
            raise Failure(f"{self._url}: {'; '.join(map(str, broken))}; see docs/runbooks/InvariantsBroken.md")
        say(f"  {self._url}/api/status answers, and no invariant is broken")

    async def page(self) -> None:
        async with self._session.get(f"{self._url}/") as answer:
            if answer.status != 200 or answer.content_type != "text/html":
                raise Failure(f"{self._url}/ answers {answer.status} {answer.content_type} and not the page")

    async def metrics(self) -> None:
        async with self._session.get(f"{self._url}/metrics") as answer:
            if "http_requests_total" in await answer.text():
                raise Failure(f"{self._url}/metrics shows the metrics to everybody: only /api and / may lead inside")

    async def hold(self) -> None:
        """Hold one ticket of the first event that has one, and give it back."""
        events = (await self._json("GET", "/api/events"))["events"]
        for event in [event for event in events if event["available_tickets"] > 0][:_TRIES]:
            async with self._session.post(f"{self._url}/api/basket", json={"event_id": event["id"]}) as answer:
                held = await answer.json()
            if answer.status == 201:
                await self._give_back(held["basket_id"])
                say(f"  a ticket of event {event['id']} was held and given back")
                return
            if answer.status != 409:
                raise Failure(f"{self._url}/api/basket answers {answer.status} for event {event['id']}: {held}")
        say("  NO TICKET WAS HELD: no event has one on sale, so publish one and ask again")

    async def _give_back(self, basket: str) -> None:
        path = f"/api/basket?basket_id={basket}"
        async with self._session.delete(self._url + path) as answer:
            if answer.status not in {200, 204}:
                raise Failure(f"DELETE {self._url}/api/basket answers {answer.status}: the ticket comes back by itself")

    async def _json(self, method: str, path: str) -> Any:
        async with self._session.request(method, self._url + path) as answer:
            if answer.status != 200:
                raise Failure(f"{method} {self._url}{path} answers {answer.status}")
            return await answer.json()

    async def _try(self, path: str) -> Any:
        """What it answers, or a text that says why not."""
        try:
            return await self._json("GET", path)
        except (aiohttp.ClientError, TimeoutError, Failure) as error:
            return f"{error}" or type(error).__name__


class _Elsewhere(AbstractResolver):
    """Finds every name where another one is, so that certificates and virtual hosts are still those of the name."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(self._host, port, family)
        return [{**each, "hostname": host} for each in found]

    async def close(self) -> None:
        await self._resolver.close()


if __name__ == "__main__":
    console.run(main)
