"""The door when it is too much: deadlines, shedding, limits, foreign origins, draining."""

import asyncio

import pytest
from aiohttp import web

from backend.db.errors import Busy
from backend.web.routes import Routes, reply
from tests.web.serving import Serve
from tests.web.simple_routes import OK, ok_routes, slow_routes


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
