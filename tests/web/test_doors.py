"""The sockets at which customers come in, under the event loop that production runs on."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import uvloop
from aiohttp import web

from backend.web.doors import listen

CROWD = 64


def test_customers_come_in_by_the_handful_in_each_turn_of_the_loop() -> None:
    uvloop.run(_crowd())


def test_a_name_of_several_addresses_is_served_at_each() -> None:
    uvloop.run(_localhost())


async def _crowd() -> None:
    runner = await _runner()
    await listen(runner, "127.0.0.1", 0, backlog=CROWD)
    with _waiting_at(runner.addresses[0][1], CROWD):
        turns = await _turns_until(lambda: len(_server(runner).connections) == CROWD)
    await runner.cleanup()
    assert turns <= CROWD // 2


async def _localhost() -> None:
    runner = await _runner()
    await listen(runner, "localhost", 0, backlog=CROWD)
    for host, port, *_ in set(runner.addresses):
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
    found = await asyncio.get_running_loop().getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)
    assert {address[0] for address in runner.addresses} == {address[0] for *_, address in found}
    await runner.cleanup()


async def _runner() -> web.AppRunner:
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    return runner


def _server(runner: web.AppRunner) -> web.Server:
    assert runner.server is not None
    return runner.server


@contextmanager
def _waiting_at(port: int, customers: int) -> Iterator[None]:
    """All of them connect before the loop turns once more."""
    with ExitStack() as stack:
        for _ in range(customers):
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
        yield


async def _turns_until(happened: Callable[[], bool]) -> int:
    """How often the loop turns until then, at most ten times for each of the crowd."""
    loop = asyncio.get_running_loop()
    turns: asyncio.Future[int] = loop.create_future()

    def turn(number: int) -> None:
        if happened() or number == 10 * CROWD:
            turns.set_result(number)
        else:
            loop.call_soon(turn, number + 1)

    turn(0)
    return await turns
