"""What anybody may send, without an account or a basket, costs the shop next to nothing and is never its failure."""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from tests.journeys.conftest import OpenShop
from tests.shop import Shop, together


@pytest.fixture
async def shop(open_shop: OpenShop) -> AsyncIterator[Shop]:
    async with open_shop(worker=False) as shop:
        yield shop


async def status_of(shop: Shop, head: str, body: bytes = b"") -> int:
    """The status of a request that is sent as it stands, which no well-behaved client would."""
    reader, writer = await asyncio.open_connection("127.0.0.1", shop.settings.port)
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    writer.write(f"{head}\r\nHost: x\r\nConnection: close\r\n{length}\r\n".encode("latin-1") + body)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return int(answer.split()[1])


async def test_a_packed_body_is_refused_and_never_unpacked(shop: Shop) -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(62)), packer.flush()])
    head = "POST /api/basket HTTP/1.1\r\nContent-Encoding: gzip"
    assert await status_of(shop, head, bomb) == 415
    started = time.process_time()
    assert [await status_of(shop, head, bomb) for _ in range(10)] == [415] * 10
    assert time.process_time() - started < 0.2


async def test_a_token_that_is_no_text_opens_nothing(shop: Shop) -> None:
    assert await status_of(shop, f"GET /api/orders/{uuid4()} HTTP/1.1\r\nAuthorization: Bearer \xff") in {401, 404}


async def test_an_origin_that_is_no_address_is_a_foreign_one(shop: Shop) -> None:
    assert await status_of(shop, "POST /api/basket HTTP/1.1\r\nOrigin: http://[") == 403


async def test_many_who_ask_for_a_fresh_check_cause_one(shop: Shop) -> None:
    answers = await together(*(shop.ask("GET", "/api/status?fresh=1") for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["invariants"]["checked_at"] for answer in answers}) == 1


async def test_where_strangers_are_there_is_no_fresh_check(open_shop: OpenShop) -> None:
    secret = "a secret that is long enough for strangers"
    async with open_shop(worker=False, environment="dev", secret_key=secret) as shop:
        answer = await shop.ask("GET", "/api/status?fresh=1")
        assert (answer.status, answer.problem) == (403, "forbidden")
        assert (await shop.ask("GET", "/api/status")).status == 200
