"""The door that every request passes."""

import asyncio
import gzip
import logging
import time

import pytest
from aiohttp import web

from backend.db.errors import Busy
from backend.web.problems import Problem
from backend.web.routes import Routes, reply
from tests.web.serving import Door, Serve, until
from tests.web.simple_routes import OK, failing_routes, ok_routes, slow_routes


class TestIdentity:
    async def test_a_request_id_of_the_caller_is_kept(self, serve: Serve) -> None:
        door = await serve(ok_routes())
        answer = await door.client.get("/api/events", headers={"X-Request-ID": "trace-77"})
        assert answer.headers["X-Request-ID"] == "trace-77"

    @pytest.mark.parametrize("given", ["", "a b", "x" * 65, '"><script>'])
    async def test_an_unusable_request_id_is_replaced(self, serve: Serve, given: str) -> None:
        door = await serve(ok_routes())
        answer = await door.client.get("/api/events", headers={"X-Request-ID": given})
        assert answer.headers["X-Request-ID"] not in {given, ""}

    async def test_no_two_requests_share_an_id(self, serve: Serve) -> None:
        door = await serve(ok_routes())
        answers = [await door.client.get("/api/events") for _ in range(5)]
        assert len({answer.headers["X-Request-ID"] for answer in answers}) == 5

    async def test_a_problem_and_its_log_line_name_the_request(
        self, serve: Serve, caplog: pytest.LogCaptureFixture
    ) -> None:
        door = await serve(failing_routes(ValueError("a bug")))
        status, body = await door.problem("GET", "/api/events", headers={"X-Request-ID": "trace-78"})
        assert (status, body["request_id"], body["instance"]) == (500, "trace-78", "/api/events")
        assert "ValueError: a bug" in caplog.text


class TestHeaders:
    @pytest.mark.parametrize("path", ["/api/events", "/api/nothing"])
    async def test_every_answer_is_safe_by_default(self, serve: Serve, path: str) -> None:
        door = await serve(ok_routes())
        headers = (await door.client.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers

    async def test_a_handler_may_choose_its_own(self, serve: Serve) -> None:
        routes = Routes()

        @routes.get("/api/events", answers=OK)
        async def cached(_request: web.Request) -> web.Response:
            return reply({}, headers={"Cache-Control": "public, max-age=1"})

        door = await serve(routes)
        assert (await door.client.get("/api/events")).headers.getall("Cache-Control") == ["public, max-age=1"]

    async def test_https_is_demanded_where_it_is_offered(self, serve: Serve) -> None:
        offered = await serve(ok_routes(), public_url="https://tickets.example.com")
        plain = await serve(ok_routes())
        assert "Strict-Transport-Security" in (await offered.client.get("/api/events")).headers
        assert "Strict-Transport-Security" not in (await plain.client.get("/api/events")).headers


class TestUnknown:
    async def test_an_unknown_path_is_404(self, serve: Serve) -> None:
        door = await serve(ok_routes())
        status, body = await door.problem("GET", "/api/nothing?token=s3cret")
        assert (status, body["type"], body["instance"]) == (404, "/problems/not-found", "/api/nothing")

    @pytest.mark.parametrize("method", ["PUT", "PROPFIND"])
    async def test_an_unknown_method_is_405_and_says_what_is_known(self, serve: Serve, method: str) -> None:
        door = await serve(ok_routes())
        async with door.client.request(method, "/api/events") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")
            assert (await answer.json(content_type=None))["type"] == "/problems/method-not-allowed"

    async def test_head_is_answered_where_get_is(self, serve: Serve) -> None:
        door = await serve(ok_routes())
        answer = await door.client.head("/api/events")
        assert (answer.status, await answer.read()) == (200, b"")

    async def test_neither_a_path_nor_a_method_becomes_a_label(self, serve: Serve) -> None:
        door = await serve(ok_routes())
        for hostile in ('/api/"quote', "/api/new%0Aline", "/api/back\\slash", "/{braces}"):
            await door.client.get(hostile)
        await door.client.request("PROPFIND", "/api/events")
        lines = [line for line in door.scrape() if line.startswith("http_requests_total") and not line.endswith(" 0")]
        assert lines == [
            'http_requests_total{code="404",method="GET",route="unmatched"} 4',
            'http_requests_total{code="405",method="other",route="unmatched"} 1',
        ]


class TestMeasurement:
    def recorded(self, door: Door, outcome: str) -> str:
        labels = f'journey="browse",method="GET",outcome="{outcome}",route="/api/events"'
        (line,) = [
            line for line in door.scrape() if line.startswith(f"http_request_duration_seconds_count{{{labels}}}")
        ]
        return str(line.split()[-1])

    @pytest.mark.parametrize(
        ("error", "code", "outcome"),
        [
            (Problem("sold-out"), 409, "good"),
            (Problem("validation"), 400, "good"),
            (web.HTTPNotFound(), 404, "good"),
            (web.HTTPFound("/api/status"), 302, "good"),
            (web.HTTPNotModified(), 304, "good"),
            (Problem("too-many-requests"), 429, "excluded"),
            (Busy("full"), 503, "bad"),
            (TimeoutError(), 504, "bad"),
            (ValueError("a bug"), 500, "bad"),
        ],
    )
    async def test_each_end_of_a_request_is_recorded(
        self, serve: Serve, error: Exception, code: int, outcome: str
    ) -> None:
        door = await serve(failing_routes(error))
        answer = await door.client.get("/api/events", allow_redirects=False)
        assert answer.status == code
        assert f'http_requests_total{{code="{code}",method="GET",route="/api/events"}} 1' in door.scrape()
        assert self.recorded(door, outcome) == "1.0"

    @pytest.mark.parametrize("handler_cancellation", [False, True])
    async def test_a_client_that_leaves_early_is_499_and_excluded(
        self,
        serve: Serve,
        handler_cancellation: bool,  # noqa: FBT001 - production's way and the test server's
    ) -> None:
        routes, seen, leave = Routes(), [], asyncio.Event()

        @routes.get("/api/events", answers=OK)
        async def slow(request: web.Request) -> web.Response:
            seen.append(request)
            await leave.wait()
            return reply({})

        door = await serve(routes, handler_cancellation=handler_cancellation)
        request = asyncio.ensure_future(door.client.get("/api/events"))
        await until(lambda: len(seen) == 1)
        request.cancel()
        await until(lambda: seen[0].transport is None)
        leave.set()
        expected = 'http_requests_total{code="499",method="GET",route="/api/events"} 1'
        await until(lambda: expected in door.scrape())
        assert self.recorded(door, "excluded") == "1.0"

    async def test_a_request_is_in_flight_until_it_is_answered(self, serve: Serve) -> None:
        routes, entered, leave = slow_routes()
        door = await serve(routes)
        request = asyncio.ensure_future(door.client.get("/api/events"))
        await entered.wait()
        assert "http_requests_in_flight 1" in door.scrape()
        leave.set()
        await request
        assert "http_requests_in_flight 0" in door.scrape()


async def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error_of_ours(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    routes = Routes()

    @routes.post("/api/basket", raw="application/json", answers=OK)
    async def hold(_request: web.Request, _raw: bytes) -> web.Response:
        return reply({})

    door = await serve(routes)
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"POST /api/basket HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
    await until(lambda: "http_requests_in_flight 1" in door.scrape())
    writer.close()
    await writer.wait_closed()
    await until(lambda: 'http_requests_total{code="499",method="POST",route="/api/basket"} 1' in door.scrape())
    assert [record for record in caplog.records if record.levelno >= logging.ERROR and "unexpected" in record.msg] == []


@pytest.mark.parametrize("ends", ["it comes", "it does not", "the client leaves"])
async def test_waiting_for_a_client_to_send_its_body_is_not_time_of_ours(serve: Serve, ends: str) -> None:
    routes = Routes()

    @routes.post("/api/basket", raw="application/json", answers=OK)
    async def hold(_request: web.Request, _raw: bytes) -> web.Response:
        return reply({})

    door = await serve(routes, deadline=1.2)
    _, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"POST /api/basket HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")
    await until(lambda: "http_requests_in_flight 1" in door.scrape())
    began = time.perf_counter()
    await until(lambda: time.perf_counter() - began > 0.9)
    if ends == "it comes":
        writer.write(b"}")
    elif ends == "the client leaves":
        writer.close()
    await until(lambda: "http_requests_in_flight 0" in door.scrape())
    writer.close()
    quick = [line for line in door.scrape() if 'journey="book"' in line and 'le="0.2"' in line]
    slow = [line for line in door.scrape() if 'journey="book"' in line and 'le="+Inf"' in line]
    assert sum(float(line.split()[-1]) for line in quick) == sum(float(line.split()[-1]) for line in slow)
    assert any('route="/api/basket"' in line and line.endswith(" 1") for line in door.scrape())


async def test_a_packed_body_is_refused(serve: Serve) -> None:
    routes = Routes()

    @routes.post("/api/basket", raw="application/json", answers=OK)
    async def hold(_request: web.Request, _raw: bytes) -> web.Response:
        return reply({})

    door = await serve(routes)
    headers = {"Content-Encoding": "gzip"}
    for body in (gzip.compress(b"{}"), b"this is not gzip"):
        status, problem = await door.problem("POST", "/api/basket", data=body, headers=headers)
        assert (status, problem["type"]) == (415, "/problems/unsupported-media-type")


async def test_the_log_line_of_a_failed_request_has_its_route_and_no_token(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    door = await serve(failing_routes(Busy("full")))
    await door.client.get("/api/events?page=2")
    (record,) = [record for record in caplog.records if record.name == "backend.access"]
    fields = record.fields  # type: ignore[attr-defined] # of our log lines
    assert (fields["route"], fields["status"], fields["cause"]) == ("/api/events", 503, "Busy: full")
