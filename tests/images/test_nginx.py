import asyncio
import re

import aiohttp
import pytest

from backend.telemetry.logs import LogOptions
from backend.web.edge import EdgeOptions
from backend.web.gateway import front_end_routes
from tests.box_office import eventually
from tests.images.conftest import FrontEnd
from tests.web.serving import serving
from tools.programs.nginx import CONFIG

# Who answered, when and to which request: these differ between two servers, whoever they are.
OF_THE_ANSWER = {"Date", "Server", "X-Request-ID", "Etag", "Last-Modified", "Content-Length", "Connection"}
OF_THE_BODY = {"Content-Type", "Content-Encoding", "Vary", "Accept-Ranges", "Transfer-Encoding", "Keep-Alive"}


def said(answer: aiohttp.ClientResponse) -> dict[str, str]:
    """What the answer tells the browser beside its body."""
    return {name: value for name, value in answer.headers.items() if name not in OF_THE_ANSWER | OF_THE_BODY}


@pytest.mark.parametrize("path", ["/", "/index.html", "/events/7", "/orders/0195?token=x"])
async def test_every_address_of_the_shop_gives_the_page(front_end: FrontEnd, path: str) -> None:
    async with front_end.client.get(path) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "<title>Shop</title>" in await answer.text()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/events/7",
        "/favicon.svg",
        "/assets/app-1a2b.js",
        "/assets/font-3c4d.woff2",
        "/assets/gone-9z.js",
        "/x.txt",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_every_answer_has_the_headers_that_the_backend_would_give(
    front_end: FrontEnd, path: str, scheme: str
) -> None:
    options = EdgeOptions(public_url=f"{scheme}://tickets.example.com")
    async with serving(front_end_routes(front_end.build), options, log=LogOptions(sample=0.0)) as backend:
        async with backend.client.get(path) as expected:
            wanted = said(expected)
        async with front_end.client.get(path, headers={"X-Forwarded-Proto": scheme}) as answer:
            assert (answer.status, said(answer)) == (expected.status, wanted)


async def test_an_error_of_nginx_itself_has_them_too(front_end: FrontEnd) -> None:
    async with front_end.client.post("/", data=b"x" * 2000) as answer:
        assert answer.status in {405, 413}
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "nginx"


def test_no_location_has_a_header_of_its_own_and_so_loses_all_others() -> None:
    server = CONFIG.read_text().partition("    server {")[2]
    names = re.findall(r"^( *)add_header (\S+) \S+ always;$", server, re.MULTILINE)
    assert len(names) == server.count("add_header") == 8
    assert {indent for indent, _ in names} == {" " * 8}


async def test_hashed_files_are_kept_for_a_year(front_end: FrontEnd) -> None:
    async with front_end.client.get("/assets/app-1a2b.js") as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"] == "application/javascript; charset=utf-8"
    async with front_end.client.get("/assets/font-3c4d.woff2") as answer:
        assert answer.headers["Content-Type"] == "font/woff2"


async def test_text_is_packed_for_those_who_take_it(front_end: FrontEnd) -> None:
    async with (
        front_end.client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"}) as packed,
        front_end.client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"}) as plain,
    ):
        assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
        assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 5
        assert plain.headers["Vary"] == "Accept-Encoding"
        assert await packed.text() == await plain.text()


@pytest.mark.parametrize("path", ["/", "/again.js"])
async def test_what_the_browser_has_is_asked_for_each_time_and_not_sent_again(front_end: FrontEnd, path: str) -> None:
    async with front_end.client.get(path) as answer:
        etag = answer.headers["ETag"]
    async with front_end.client.get(path, headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read(), answer.headers["Cache-Control"]) == (304, b"", "no-cache")


@pytest.mark.parametrize("path", ["/assets/gone-9z.js", "/robots.txt", "/assets/", "/api", "/api/events", "/.env"])
async def test_what_is_not_there_is_404_and_not_the_page(front_end: FrontEnd, path: str) -> None:
    async with front_end.client.get(path) as answer:
        assert (answer.status, answer.content_type, await answer.text()) == (404, "text/plain", "Not found\n")
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/healthz", "/readiness"])
async def test_it_says_that_it_lives(front_end: FrontEnd, path: str) -> None:
    async with front_end.client.get(path) as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "assets/../../secret.txt",
        "assets/..%2f..%2fsecret.txt",
        "assets../secret.txt",
        "//etc/passwd",
        "%00",
    ],
)
async def test_no_path_leads_out_of_the_build(front_end: FrontEnd, path: str) -> None:
    url = front_end.client._base_url
    assert url is not None
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(f"GET /{path} HTTP/1.0\r\n\r\n".encode())
    answer = await reader.read()
    assert int(answer.split()[1]) in {200, 400, 404}
    assert not answer.endswith(b"secret")
    assert b"root:" not in answer
    writer.close()
    await writer.wait_closed()


async def test_an_orders_token_never_reaches_the_log(front_end: FrontEnd) -> None:
    for path in ("/orders/0195?token=of-the-order", "/orders/gone.pdf?token=of-the-order", "/%zz?token=of-the-order"):
        async with front_end.client.get(path):
            pass

    async def logged() -> bool:
        return '"path":"/orders/0195","status":200' in front_end.logs.read_text()

    await eventually(logged)
    assert "of-the-order" not in front_end.logs.read_text()
