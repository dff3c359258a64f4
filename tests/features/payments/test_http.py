"""Speaking to a provider that misbehaves: always one of two errors, always within the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from backend.domain.payments import ProviderRefused, ProviderUnavailable, UnknownPayment, WrongKey
from backend.features.payments.http import ProviderHttp, Timeouts

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
QUICK = Timeouts(connect=0.2, total=0.2)


def answering(*answers: bytes) -> Peer:
    """One raw answer for each request of a connection, then the connection is closed."""

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"Content-Length: 2" in head:
                await reader.readexactly(2)
            writer.write(answer)
        await writer.drain()
        writer.close()

    return peer


def json_answer(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body)


@asynccontextmanager
async def speaking_to(*peers: Peer) -> AsyncIterator[ProviderHttp]:
    """A client of a provider whose first connection goes to the first peer, and so on; the last one takes the rest."""
    waiting = list(peers)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        http = ProviderHttp(f"http://127.0.0.1:{port}", {}, QUICK)
        try:
            yield http
        finally:
            await http.close()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(json_answer("500 Oops", b"{}"), id="500"),
        pytest.param(json_answer("503 Down", b"<html>"), id="503 from a proxy"),
        pytest.param(json_answer("429 Slow down", b"{}"), id="too many requests"),
        pytest.param(json_answer("409 Busy", b"{}"), id="the same request is under way"),
        pytest.param(json_answer("302 Found", b"{}"), id="a redirect"),
        pytest.param(json_answer("200 OK", b"<html>hello</html>"), id="not JSON"),
        pytest.param(json_answer("200 OK", b"[]"), id="not an object"),
        pytest.param(json_answer("200 OK", b""), id="empty"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{", id="cut off"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", id="not HTTP"),
    ],
)
async def test_an_answer_that_says_nothing_leaves_the_outcome_open(answer: bytes) -> None:
    async with speaking_to(answering(answer)) as http:
        with pytest.raises(ProviderUnavailable):
            await http.post("/", b"{}")


async def test_a_refusal_says_why() -> None:
    refusal = json_answer("402 Payment Required", b'{"error": {"code": "card_declined", "message": "No"}}')
    async with speaking_to(answering(refusal)) as http:
        with pytest.raises(ProviderRefused, match="card_declined"):
            await http.post("/", b"{}")


async def test_a_refusal_without_a_reason_gives_its_status() -> None:
    async with speaking_to(answering(json_answer("404 Not Found", b"nothing here"))) as http:
        with pytest.raises(ProviderRefused, match="404"):
            await http.get("/")


@pytest.mark.parametrize(
    ("status", "kind"), [("401 Unauthorized", WrongKey), ("403 Forbidden", WrongKey), ("404 Not Found", UnknownPayment)]
)
async def test_a_refusal_tells_a_wrong_key_from_an_unknown_payment(status: str, kind: type[Exception]) -> None:
    async with speaking_to(answering(json_answer(status, b"{}"))) as http:
        with pytest.raises(kind):
            await http.get("/")


@pytest.mark.parametrize("reason", [b'"a\\u0000b"', b'"' + b"x" * 9000 + b'"', b"[7]", b"{}"])
async def test_a_reason_is_never_more_than_can_be_stored(reason: bytes) -> None:
    refusal = json_answer("402 Payment Required", b'{"error": {"code": ' + reason + b"}}")
    async with speaking_to(answering(refusal)) as http:
        with pytest.raises(ProviderRefused, match=r"^answered 402$"):
            await http.post("/", b"{}")


async def test_silence_is_given_up_in_time() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with speaking_to(silent) as http:
        began = time.monotonic()
        with pytest.raises(ProviderUnavailable, match="TimeoutError"):
            await http.post("/", b"{}")
        assert time.monotonic() - began < 1


async def test_nobody_listening_leaves_the_outcome_open() -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    http = ProviderHttp(f"http://127.0.0.1:{port}", {}, QUICK)
    with pytest.raises(ProviderUnavailable, match="connect"):
        await http.get("/")
    await http.close()


async def test_a_connection_that_the_provider_was_closing_costs_no_payment() -> None:
    fine = json_answer("200 OK", b'{"ok": true}')

    async def hangs_up_on_the_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        writer.write(fine)
        await reader.readuntil(b"{}")
        writer.transport.abort()

    async with speaking_to(hangs_up_on_the_second, answering(fine)) as http:
        assert await http.post("/", b"{}") == {"ok": True}
        assert await http.post("/", b"{}") == {"ok": True}


async def test_a_provider_that_always_hangs_up_is_asked_twice_and_no_more() -> None:
    connections = 0

    async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"{}")
        writer.close()

    async with speaking_to(hangs_up) as http:
        with pytest.raises(ProviderUnavailable):
            await http.post("/", b"{}")
    assert connections == 2


async def test_two_answers_travel_over_one_connection() -> None:
    fine = json_answer("200 OK", b'{"ok": true}')

    async def must_not_be_needed(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(json_answer("500 Second connection", b""))

    async with speaking_to(answering(fine, fine), must_not_be_needed) as http:
        assert [await http.post("/", b"{}"), await http.post("/", b"{}")] == [{"ok": True}, {"ok": True}]
