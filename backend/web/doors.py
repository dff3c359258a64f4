"""Where customers come in: listening so that a busy process still lets them in."""

from __future__ import annotations

import asyncio
import socket

from aiohttp import web

# uvloop accepts one connection in a turn of the loop for each socket that listens. Each costs a few microseconds
# whenever somebody comes.
_DOORS = 8


async def listen(runner: web.AppRunner, host: str, port: int, *, backlog: int) -> None:
    """Serve at every address of the host, each listened to many times. backlog: connections that may wait there.

    By one socket a process whose turns take 20 ms lets 50 customers in a second. The others wait for seconds where
    neither the deadlines of requests nor shedding see them, and longer than the rush itself.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, *_, address in dict.fromkeys(found):
        door = socket.create_server(address, family=family, backlog=backlog)
        for each in (door, *(door.dup() for _ in range(_DOORS - 1))):
            await web.SockSite(runner, each, backlog=backlog).start()
