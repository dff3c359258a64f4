import asyncio
import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.extensions
import pytest
from aiohttp.http_exceptions import BadHttpMessage

from backend.telemetry.logs import REQUEST_ID, LogOptions, Logs, RequestLine, RequestLog, mask, quiet_driver_noise

ALL = LogOptions(sample=1.0)


@contextmanager
def logged(options: LogOptions = ALL) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Run a log; the given function stops it and returns its lines."""
    stream = io.StringIO()
    root = logging.getLogger()
    level = root.level
    logs = Logs(options, stream)

    def lines() -> list[dict[str, Any]]:
        logs.stop()
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    try:
        yield lines
    finally:
        root.setLevel(level)


def test_a_line_is_json_with_the_request_it_belongs_to() -> None:
    with logged() as lines:
        token = REQUEST_ID.set("abc-1")
        logging.getLogger("shop").warning("pool is %s", "full")
        REQUEST_ID.reset(token)
        (line,) = lines()
    assert line["message"] == "pool is full"
    assert (line["level"], line["logger"], line["request_id"]) == ("WARNING", "shop", "abc-1")


def test_an_exception_stays_on_its_line() -> None:
    with logged() as lines:
        logging.getLogger("shop").error("failed", exc_info=ValueError("no seats\nleft"))
        (line,) = lines()
    assert "ValueError: no seats\nleft" in line["exception"]


def test_bytes_that_are_no_request_are_no_failure_of_ours() -> None:
    with logged() as lines:
        aiohttp = logging.getLogger("aiohttp.server")
        aiohttp.error("Error handling request from %s", "192.0.2.1", exc_info=BadHttpMessage("somebody's secret"))
        aiohttp.error("another", exc_info=ValueError("a bug"))
        unreadable, bug = lines()
    assert (unreadable["level"], unreadable["message"]) == (
        "INFO", "Error handling request from 192.0.2.1 (BadHttpMessage)"
    )  # fmt: skip
    assert "exception" not in unreadable
    assert (bug["level"], "ValueError: a bug" in bug["exception"]) == ("ERROR", True)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/api/orders/7?token=s3cret-x", "/api/orders/7?token=***"),
        ("/api/orders/7?a=1&token=s3cret&b=2", "/api/orders/7?a=1&token=***&b=2"),
        ("Authorization: Bearer s3cret_x", "Authorization: Bearer ***"),
        ("/api/basket?basket_id=0190-7&a=1", "/api/basket?basket_id=***&a=1"),
        ("/api/events?q=tokens", "/api/events?q=tokens"),
    ],
)
def test_order_tokens_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_no_part_of_a_line_shows_an_order_token() -> None:
    with logged() as lines:
        RequestLog(ALL).write(RequestLine("GET", "/api/orders/{order_id}", "/api/orders/7?token=s3cret", 500, 0.1))
        fault = ValueError("GET /api/orders/7?token=s3cret")
        logging.getLogger("shop").error("for %s", "Bearer s3cret", exc_info=fault)
        assert "s3cret" not in json.dumps(lines())


@pytest.mark.parametrize(
    ("status", "seconds", "wanted"), [(200, 0.01, False), (409, 0.01, False), (503, 0.01, True), (200, 1.2, True)]
)
def test_each_failed_or_slow_request_gets_a_line_whatever_the_sample(
    status: int,
    seconds: float,
    wanted: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert RequestLog(LogOptions(sample=0.0)).wants(status, seconds) is wanted


def test_of_the_ordinary_requests_a_sample_gets_a_line() -> None:
    requests = RequestLog(LogOptions(sample=0.5))
    assert 100 < sum(requests.wants(200, 0.01) for _ in range(400)) < 300


def test_the_line_of_a_failed_request_names_its_cause() -> None:
    with logged() as lines:
        RequestLog(ALL).write(RequestLine("POST", "/api/basket", "/api/basket", 503, 0.25, cause="Busy: no connection"))
        (line,) = lines()
    assert (line["level"], line["status"], line["ms"], line["cause"]) == ("ERROR", 503, 250.0, "Busy: no connection")


def test_text_form_is_for_people() -> None:
    stream = io.StringIO()
    logs = Logs(LogOptions(format="text"), stream)
    RequestLog(ALL).write(RequestLine("GET", "/api/events", "/api/events?token=s3cret", 200, 0.0123))
    logs.stop()
    assert "INFO    backend.access: GET /api/events?token=*** 200" in stream.getvalue()
    assert stream.getvalue().endswith("status=200 ms=12.3\n")


class Stuck(io.StringIO):
    """A stream whose reader never comes."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__()
        self.gate = gate

    def write(self, text: str) -> int:
        self.gate.wait(10)
        return super().write(text)


def test_a_stuck_reader_costs_lines_not_time(capsys: pytest.CaptureFixture[str]) -> None:
    gate = threading.Event()
    logs = Logs(ALL, Stuck(gate))
    for number in range(10_500):
        logging.getLogger("shop").info("line %s", number)
    gate.set()
    logs.stop()
    assert "log lines were dropped" in capsys.readouterr().err


async def test_the_drivers_reports_to_the_loop_are_not_errors(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.get_running_loop()
    quiet_driver_noise(loop)
    with caplog.at_level(logging.INFO):
        loop.call_exception_handler({"message": "cancelled", "exception": psycopg2.extensions.QueryCanceledError()})
        assert caplog.records == []
        loop.call_exception_handler({"message": "a fault of ours", "exception": ValueError("x")})
        assert [record.levelname for record in caplog.records] == ["ERROR"]
    loop.set_exception_handler(None)
