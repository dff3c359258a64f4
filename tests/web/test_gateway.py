import asyncio
import os
from pathlib import Path

import pytest
from aiohttp import web

from backend.web.gateway import front_end_routes
from backend.web.routes import Routes, reply
from tests.web.serving import Door, Serve


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A built front end beside a file that is nobody's business."""
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>Shop</title>", encoding="utf-8")
    (dist / "favicon.svg").write_text("<svg/>", encoding="utf-8")
    (dist / "assets/app-1a2b.js").write_text("let shop = 1;" * 100, encoding="utf-8")
    (dist / "assets/font-3c4d.woff2").write_bytes(b"\0font")
    (dist / "assets/packed-5e6f.css").write_text("a{}", encoding="utf-8")
    (dist / "assets/packed-5e6f.css.br").write_bytes(b"brotli of it")
    return dist


def api() -> Routes:
    routes = Routes()

    @routes.post("/api/basket", answers={200: "application/json"})
    async def hold(_request: web.Request) -> web.Response:
        return reply({})

    return routes


@pytest.fixture
async def door(serve: Serve, build: Path) -> Door:
    return await serve([*api(), *front_end_routes(build)])


@pytest.mark.parametrize("path", ["/", "/index.html", "/events/7", "/orders/0195?token=x"])
async def test_every_address_of_the_shop_gives_the_page_and_asks_again_next_time(door: Door, path: str) -> None:
    answer = await door.client.get(path)
    assert (answer.status, answer.content_type) == (200, "text/html")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "<title>Shop</title>" in await answer.text()


async def test_the_page_may_load_from_here_alone(door: Door) -> None:
    policy = (await door.client.get("/")).headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


async def test_hashed_files_are_kept_for_a_year(door: Door) -> None:
    answer = await door.client.get("/assets/app-1a2b.js")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "javascript" in answer.content_type
    assert (await door.client.get("/assets/font-3c4d.woff2")).content_type == "font/woff2"


async def test_text_is_packed_for_those_who_take_it(door: Door) -> None:
    packed = await door.client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip"})
    plain = await door.client.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 5
    assert "Content-Encoding" not in plain.headers
    assert await packed.text() == await plain.text()


async def test_what_the_build_packed_itself_is_used(door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"GET /assets/packed-5e6f.css HTTP/1.0\r\nAccept-Encoding: gzip, br\r\n\r\n")
    answer = await reader.read()
    assert b"Content-Encoding: br\r\n" in answer
    assert answer.endswith(b"brotli of it")
    writer.close()
    await writer.wait_closed()


async def test_what_the_browser_has_is_not_sent_again(door: Door) -> None:
    etag = (await door.client.get("/")).headers["ETag"]
    answer = await door.client.get("/", headers={"If-None-Match": etag})
    assert (answer.status, await answer.read(), answer.headers["Cache-Control"]) == (304, b"", "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "assets/../../secret.txt",
        "assets/..%2f..%2fsecret.txt",
        "..\\secret.txt",
        "//etc/passwd",
        "%00",
        "assets/app-1a2b.js%00.txt",
        "assets/%c0%ae%c0%ae/secret.txt",
    ],
)
async def test_no_path_leads_out_of_the_build(door: Door, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(f"GET /{path} HTTP/1.0\r\n\r\n".encode())
    answer = await reader.read()
    status = int(answer.split()[1])
    assert status in {200, 400, 404}
    assert b"secret\n" not in answer
    assert not answer.endswith(b"secret")
    assert b"root:" not in answer
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("path", ["/assets/gone-9z.js", "/robots.txt", "/assets/"])
async def test_a_file_that_is_not_there_is_404_and_not_the_page(door: Door, path: str) -> None:
    assert (await door.problem("GET", path))[0] == 404


async def test_the_api_keeps_its_own_answers(door: Door) -> None:
    assert (await door.problem("GET", "/api/nothing"))[0] == 404
    assert (await door.problem("GET", "/api"))[0] == 404
    assert (await door.problem("GET", "/api/basket"))[0] == 405
    assert (await door.problem("POST", "/events"))[0] == 405


async def test_a_new_build_shows_without_a_restart(door: Door, build: Path) -> None:
    assert (await door.client.get("/")).status == 200
    (build / "index.html").write_text("<title>New</title>", encoding="utf-8")
    os.utime(build / "index.html", (2e9, 2e9))
    assert await (await door.client.get("/")).text() == "<title>New</title>"


async def test_without_a_build_the_page_says_what_to_do(serve: Serve, tmp_path: Path) -> None:
    door = await serve(front_end_routes(tmp_path / "dist"))
    answer = await door.client.get("/events/7")
    assert (answer.status, answer.content_type) == (503, "text/html")
    assert "make build" in await answer.text()


async def test_the_front_end_is_one_route_in_the_metrics(door: Door) -> None:
    await door.client.get("/events/7")
    await door.client.get("/favicon.svg")
    assert 'http_requests_total{code="200",method="GET",route="/{path}"} 2' in door.scrape()
