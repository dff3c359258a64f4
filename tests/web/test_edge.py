"""The door that every request passes."""

import asyncio
import gzip
import logging

import pytest
from aiohttp import web

from backend.db.errors import Busy
from backend.web.problems import Problem
from backend.web.routes import Routes, reply
from tests.web.serving import Door, Serve, until

OK = {200: "application/json"}


def slow_routes(path: str = "/api/events", **options: object) -> tuple[Routes, asyncio.Event, asyncio.Event]:
    """A route that answers when it is allowed to; the events say that it was entered and let it go on."""
    routes, entered, leave = Routes(), asyncio.Event(), asyncio.Event()

    @routes.get(path, answers=OK, **options)  # type: ignore[arg-type] # any of the route's options
    async def slow(_request: web.Request) -> web.Response:
        entered.set()
        await leave.wait()
        return reply({})

    return routes, entered, leave


def ok_routes() -> Routes:
    routes = Routes()

    @routes.get("/api/events", answers=OK)
    async def events(_request: web.Request) -> web.Response:
        return reply({"events": []})

    @routes.post("/api/basket", answers=OK)
    async def hold(_request: web.Request) -> web.Response:
        return reply({})

    @routes.post("/api/payments/{provider}/webhook", raw="application/json", kind="machine", answers=OK)
    async def webhook(_request: web.Request, _raw: bytes) -> web.Response:
        return reply({})

    @routes.get("/healthz", answers=OK, kind="health")
    async def health(_request: web.Request) -> web.Response:
        return reply({})

    return routes


def failing_routes(error: BaseException, path: str = "/api/events") -> Routes:
    routes = Routes()

    @routes.get(path, answers=OK)
    async def fail(_request: web.Request) -> web.Response:
        raise error

    return routes


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


class TestDeadline:
    async def test_a_request_that_takes_too_long_is_504(self, serve: Serve) -> None:
        routes, _, _ = slow_routes()
        door = await serve(routes, deadline=0.1)
        async with asyncio.timeout(2):
            status, body = await door.problem("GET", "/api/events")
        assert (status, body["type"]) == (504, "/problems/deadline")
        assert "http_requests_in_flight 0" in door.scrape()

    async def test_the_connection_of_a_late_request_stays_usable(self, serve: Serve) -> None:
        routes, _, leave = slow_routes()
        door = await serve(routes, deadline=0.1)
        await door.problem("GET", "/api/events")
        leave.set()
        assert (await door.client.get("/api/events")).status == 200

    async def test_a_handler_that_turns_its_cancellation_into_another_error_is_still_504(self, serve: Serve) -> None:
        routes = Routes()

        @routes.get("/api/events", answers=OK)
        async def translate(_request: web.Request) -> web.Response:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise Busy("gave up") from None
            return reply({})

        door = await serve(routes, deadline=0.1)
        assert (await door.problem("GET", "/api/events"))[0] == 504

    async def test_a_body_that_never_arrives_is_the_clients_fault(self, serve: Serve) -> None:
        routes = Routes()

        @routes.post("/api/basket", raw="application/json", answers=OK)
        async def hold(_request: web.Request, _raw: bytes) -> web.Response:
            return reply({})

        door = await serve(routes, deadline=0.1)
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"POST /api/basket HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
        async with asyncio.timeout(2):
            assert await reader.readline() == b"HTTP/1.1 408 Request Timeout\r\n"
        writer.close()
        await writer.wait_closed()

    async def test_a_route_may_have_more_time_and_a_stream_all_of_it(self, serve: Serve) -> None:
        patient, entered, leave = slow_routes(deadline=5.0)
        stream, streaming, stop = slow_routes("/api/events/stream", kind="stream")
        hasty, _, _ = slow_routes("/api/hasty")
        door = await serve([*patient, *stream, *hasty], deadline=0.1)
        requests = [asyncio.ensure_future(door.client.get(path)) for path in ("/api/events", "/api/events/stream")]
        await asyncio.gather(entered.wait(), streaming.wait())
        assert (await door.problem("GET", "/api/hasty"))[0] == 504
        leave.set()
        stop.set()
        assert [(await request).status for request in requests] == [200, 200]


class TestShedding:
    async def test_beyond_the_limit_a_request_is_503_at_once_and_counted(self, serve: Serve) -> None:
        routes, entered, leave = slow_routes()
        door = await serve(routes, max_in_flight=1)
        first = asyncio.ensure_future(door.client.get("/api/events"))
        await entered.wait()
        async with door.client.get("/api/events") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        leave.set()
        assert (await first).status == 200
        assert "requests_shed_total 1" in door.scrape()

    async def test_health_is_answered_whatever_the_load(self, serve: Serve) -> None:
        routes, entered, leave = slow_routes("/api/slow")
        door = await serve([*ok_routes(), *routes], max_in_flight=1)
        busy = asyncio.ensure_future(door.client.get("/api/slow"))
        await entered.wait()
        assert (await door.client.get("/healthz")).status == 200
        leave.set()
        await busy


class TestOrigin:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 200),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
            ({"Sec-Fetch-Site": "none"}, 200),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "cross-site", "Origin": "https://tickets.example.com"}, 200),
            ({"Origin": "https://tickets.example.com"}, 200),
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "null", "Host": ""}, 403),
            ({"Origin": "http://["}, 403),
            ({"Origin": "http://192.168.0.7:8080", "Host": "192.168.0.7:8080"}, 200),
            ({"Origin": "http://192.168.0.7:8080", "Host": "192.168.0.8:8080"}, 403),
        ],
    )
    async def test_a_page_of_another_site_cannot_act_for_a_customer(
        self, serve: Serve, headers: dict[str, str], status: int
    ) -> None:
        door = await serve(ok_routes(), public_url="https://tickets.example.com")
        assert (await door.client.post("/api/basket", headers=headers)).status == status

    async def test_reading_and_webhooks_are_no_ones_business(self, serve: Serve) -> None:
        door = await serve(ok_routes())
        foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
        assert (await door.client.get("/api/events", headers=foreign)).status == 200
        assert (await door.client.post("/api/payments/test/webhook", headers=foreign)).status == 200


class TestLimit:
    async def test_one_address_may_ask_so_often_and_no_more(self, serve: Serve) -> None:
        door = await serve(ok_routes(), requests_per_second=2.0)
        answers = [await door.client.get("/api/events") for _ in range(8)]
        assert [answer.status for answer in answers[:4]] == [200] * 4
        assert answers[-1].status == 429
        assert int(answers[-1].headers["Retry-After"]) >= 1

    async def test_behind_proxies_each_client_has_its_own_limit(self, serve: Serve) -> None:
        door = await serve(ok_routes(), requests_per_second=1.0, trusted_hops=1)

        async def ask(address: str) -> int:
            answer = await door.client.get("/api/events", headers={"X-Forwarded-For": address})
            return int(answer.status)

        assert 429 in [await ask("192.0.2.1") for _ in range(5)]
        assert await ask("192.0.2.2") == 200

    async def test_health_and_webhooks_are_not_limited(self, serve: Serve) -> None:
        door = await serve(ok_routes(), requests_per_second=1.0)
        assert {(await door.client.get("/healthz")).status for _ in range(6)} == {200}
        assert {(await door.client.post("/api/payments/test/webhook")).status for _ in range(6)} == {200}


class TestDraining:
    async def test_a_draining_process_answers_and_sends_the_connection_away(self, serve: Serve) -> None:
        door = await serve(ok_routes())
        door.health.draining = True
        answer = await door.client.get("/api/events")
        assert (answer.status, answer.headers["Connection"]) == (200, "close")

    async def test_what_runs_is_finished_when_the_server_stops(self, serve: Serve) -> None:
        routes, entered, leave = slow_routes()
        door = await serve(routes)
        request = asyncio.ensure_future(door.client.get("/api/events"))
        await entered.wait()
        stopped = asyncio.ensure_future(door.runner.cleanup())
        asyncio.get_running_loop().call_later(0.05, leave.set)
        assert (await request).status == 200
        await stopped


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
