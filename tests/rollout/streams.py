"""Customers who only watch: each keeps a stream open, and opens it again when a pod that goes has closed it."""

import asyncio
from dataclasses import dataclass, field

import aiohttp


@dataclass
class Watched:
    """opened: streams that began. refused: what was answered instead. heard: customers who were told something."""

    opened: int = 0
    refused: list[str] = field(default_factory=list)
    heard: set[int] = field(default_factory=set)


async def watch(url: str, event: int, customers: int, watched: Watched) -> None:
    """Until cancelled."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as client:
        streams = (
            _keep_open(client, f"{url}/api/events/{event}/stream", number, watched) for number in range(customers)
        )
        await asyncio.gather(*streams)


async def _keep_open(client: aiohttp.ClientSession, url: str, number: int, watched: Watched) -> None:
    while True:
        try:
            async with client.get(url) as answer:
                if answer.status != 200:
                    watched.refused.append(f"{answer.status}")
                else:
                    watched.opened += 1
                    async for _ in answer.content:
                        watched.heard.add(number)
        except aiohttp.ClientPayloadError:
            watched.refused.append("cut in the middle")
        except (aiohttp.ClientError, TimeoutError) as error:
            watched.refused.append(repr(error))
        await asyncio.sleep(0.1)
