"""The front end's nginx outlasts the load balancer: a real one, whose every second lasts a fiftieth of one."""

import asyncio
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from yarl import URL

from cdk.settings.rollout import KEEP_ALIVE, Rollout
from tests.images.conftest import LARGE, running_nginx
from tools.programs.nginx import CONFIG

QUICK = 50
IDLE = Rollout().idle / QUICK
"""How long the load balancer keeps a connection on which nothing happens."""

LASTING = ("client_header_timeout", "send_timeout", "keepalive_timeout")
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def url(build: Path) -> Iterator[URL]:
    with running_nginx(build, quicker) as (address, _):
        yield URL(address)


def quicker(config: str) -> str:
    return re.sub(r"\b(\d+)s;", lambda found: f"{int(found[1]) * 1000 // QUICK}ms;", config)


def test_its_times_are_those_that_the_manifests_count_with() -> None:
    text = CONFIG.read_text()
    written = [(name, int(time)) for name, time in re.findall(r"^    (\w+_timeout) (\d+)s;$", text, re.MULTILINE)]
    assert [each for each in written if each[0] in LASTING] == [(name, KEEP_ALIVE) for name in LASTING]
    assert Rollout().idle < KEEP_ALIVE
    assert "proxy_pass" not in text


async def test_the_load_balancer_may_keep_a_connection_until_it_gives_it_up_itself(url: URL) -> None:
    await asyncio.gather(between_requests(url), before_the_first_request(url), in_the_middle_of_an_answer(url))


async def between_requests(url: URL) -> None:
    connection = await connected(url)
    assert b" 200 OK" in await asked(connection, "/healthz")
    assert await is_left_open(connection)
    assert b" 200 OK" in await asked(connection, "/healthz")
    # Then it is closed after all, and not much later.
    assert await asyncio.wait_for(connection[0].read(), IDLE * 2) == b""
    connection[1].close()


async def before_the_first_request(url: URL) -> None:
    connection = await connected(url)
    assert await is_left_open(connection)
    assert b" 200 OK" in await asked(connection, "/healthz")
    connection[1].close()


async def in_the_middle_of_an_answer(url: URL) -> None:
    """While a customer's phone takes nothing, the load balancer takes nothing either."""
    reader, writer = connection = await connected(url)
    head = await asked(connection, "/assets/large-5d6e.png")
    assert f"Content-Length: {LARGE}".encode() in head
    await asyncio.sleep(IDLE)
    assert len(await reader.readexactly(LARGE)) == LARGE
    writer.close()


async def connected(url: URL) -> Connection:
    """With little room for what nobody reads."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (url.host, url.port))
    return await asyncio.open_connection(sock=sock, limit=4096)


async def asked(connection: Connection, path: str) -> bytes:
    """The head of the answer, and all of a short one."""
    reader, writer = connection
    writer.write(f"GET {path} HTTP/1.1\r\nHost: shop\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    found = re.search(rb"Content-Length: (\d{1,3})\r", head)
    return head + (await reader.readexactly(int(found[1])) if found else b"")


async def is_left_open(connection: Connection) -> bool:
    try:
        await asyncio.wait_for(connection[0].read(1), IDLE)
    except TimeoutError:
        return True
    return False
