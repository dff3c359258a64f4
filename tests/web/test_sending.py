"""Answers that the door sends in one piece are what aiohttp would have sent."""

import asyncio
from collections.abc import Callable

import pytest
from aiohttp import web

from backend.web.edge import EdgeOptions
from backend.web.headers import add_headers, default_headers
from backend.web.routes import Routes, reply
from backend.web.sending import Sender
from tests.web.serving import Serve, serving

Make = Callable[[], web.Response]


def _with_cookies() -> web.Response:
    response = reply({"a": 1}, status=201)
    response.headers.add("Set-Cookie", "basket=1; Path=/")
    response.headers.add("Set-Cookie", "other=2; Path=/")
    return response


ANSWERS: dict[str, Make] = {
    "json": lambda: reply({"name": "Céilí"}),
    "created, with cookies": _with_cookies,
    "its own policy": lambda: reply({}, headers={"cache-control": "no-cache", "ETag": 'W/"1"'}),
    "nothing": lambda: web.Response(status=204),
    "an empty body": web.Response,
    "not modified": lambda: web.Response(status=304, headers={"ETag": 'W/"1"'}),
    "text beyond ASCII in a header": lambda: reply({}, headers={"X-Name": "Céilí"}),
    "a length of its own": lambda: web.Response(body=b"{}", headers={"Content-Length": "2"}),
    "bytes without a type": lambda: web.Response(body=b"{}"),
    "another reason": lambda: web.Response(status=200, reason="Fine"),
}


async def _ask(port: int, request: str) -> tuple[str, list[str], bytes]:
    """Status line, headers but the time in order of their names, and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, *lines = head.rstrip().split("\r\n")
        headers = sorted(line.lower() for line in lines if not line.startswith("Date:"))
        lengths = [int(line.partition(":")[2]) for line in headers if line.startswith("content-length:")]
        body = b"" if request.startswith("HEAD") or not lengths else await reader.readexactly(*lengths)
        assert len(lines) == len(headers) + 1
    finally:
        writer.close()
        await writer.wait_closed()
    return status, headers, body


async def _aiohttp_says(make: Make, request: str) -> tuple[str, list[str], bytes]:
    """Without the door's short way."""

    async def answer(_request: web.Request) -> web.Response:
        return make()

    app = web.Application()
    app.router.add_get("/api/events", answer)
    add_headers(app, default_headers(https=False))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return await _ask(runner.addresses[0][1], request)
    finally:
        await runner.cleanup()


def _routes(make: Make) -> Routes:
    routes = Routes()

    @routes.get("/api/events", answers={200: "application/json"})
    async def answer(_request: web.Request) -> web.Response:
        return make()

    return routes


def _without_id(answer: tuple[str, list[str], bytes]) -> tuple[str, list[str], bytes]:
    status, headers, body = answer
    return status, [line for line in headers if not line.startswith("x-request-id")], body


@pytest.mark.parametrize("request_line", ["GET /api/events HTTP/1.1", "HEAD /api/events HTTP/1.1"])
@pytest.mark.parametrize("connection", ["", "Connection: close\r\n"])
@pytest.mark.parametrize("name", ANSWERS)
async def test_every_answer_is_aiohttps_to_the_letter(
    serve: Serve, name: str, connection: str, request_line: str
) -> None:
    door = await serve(_routes(ANSWERS[name]))
    request = f"{request_line}\r\nHost: localhost\r\n{connection}\r\n"
    ours, theirs = await _ask(door.port, request), await _aiohttp_says(ANSWERS[name], request)
    assert _without_id(ours) == _without_id(theirs)
    assert sum(line.startswith("x-request-id") for line in ours[1]) == 1


async def test_a_client_of_http_1_0_is_answered_as_aiohttp_would(serve: Serve) -> None:
    door = await serve(_routes(ANSWERS["json"]))
    request = "GET /api/events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    assert _without_id(await _ask(door.port, request)) == _without_id(await _aiohttp_says(ANSWERS["json"], request))


async def test_a_header_that_would_smuggle_another_in_is_never_sent(serve: Serve) -> None:
    door = await serve(_routes(lambda: reply({}, headers={"X-Name": "a\r\nSet-Cookie: basket=mine"})))
    with pytest.raises(asyncio.IncompleteReadError):
        await _ask(door.port, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")


async def test_a_client_that_reads_nothing_is_not_answered_without_end() -> None:
    """Its requests wait, instead of their answers in our memory."""
    answered = 0

    def big() -> web.Response:
        nonlocal answered
        answered += 1
        return reply(b'"' + b"x" * 1_000_000 + b'"')

    async with serving(_routes(big), EdgeOptions()) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=1024)
        writer.write(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
        before = -1
        while answered > before or not answered:
            before = answered
            await asyncio.sleep(0.05)
        assert answered < 20
        writer.transport.abort()
        del reader


def test_a_header_of_the_handler_replaces_the_default_however_it_is_spelled() -> None:
    sender = Sender({"Cache-Control": "no-store", "X-Frame": "none"})
    beginning = sender._begin(200, "OK", ("cache-control",))
    assert "no-store" not in beginning
    assert "X-Frame: none" in beginning
