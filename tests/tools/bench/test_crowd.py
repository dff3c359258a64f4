import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from tools.bench import crowd
from tools.bench.crowd import Visit, Visits, for_seconds, send_in
from tools.bench.customers import Tally, booking, buying_out, get, looking
from tools.console import Failure

BASKET = "00000000-0000-7000-8000-000000000001"


class Shop(BaseHTTPRequestHandler):
    """Answers as a shop does: /broken hangs up, /slow says nothing."""

    protocol_version = "HTTP/1.1"
    left = 0
    cookies: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        if self.path == "/broken":
            self.close_connection = True
        elif self.path == "/slow":
            self.server.silence.wait(5)  # type: ignore[attr-defined] # this server's own
        else:
            self._answer(200, {"path": self.path})

    def do_POST(self) -> None:
        Shop.cookies.append(self.headers["Cookie"])
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/checkout":
            self._answer(200 if sent["basket_id"] == BASKET else 404, {"paid": sent.get("payment")})
        elif sent["quantity"] <= Shop.left:
            Shop.left -= sent["quantity"]
            self._answer(201, {"basket_id": BASKET})
        else:
            self._answer(409, {"available_tickets": Shop.left})

    def _answer(self, status: int, body: dict[str, object]) -> None:
        raw = json.dumps(body, separators=(",", ":")).encode()
        self.wfile.write(b"HTTP/1.1 %d Text\r\ncontent-length: %d\r\n\r\n%b" % (status, len(raw), raw))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    server.silence = threading.Event()  # type: ignore[attr-defined] # this server's own
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.silence.set()  # type: ignore[attr-defined] # this server's own
    server.shutdown()
    thread.join()
    server.server_close()


def asking(*paths: str, told: list[bytes]) -> Visit:
    for path in paths:
        answer = yield get(path)
        told.append(answer.body)


def after(answers: int, met: list[int]) -> Callable[[], bool]:
    """Closing time once so many answers were waited for."""

    def until() -> bool:
        met.append(1)
        return len(met) > answers

    return until


def test_each_customer_is_answered_request_by_request_until_they_leave(port: int) -> None:
    told: list[list[bytes]] = [[] for _ in range(20)]
    met = send_in(port, [asking("/a", "/b", told=each) for each in told])
    assert told == [[b'{"path":"/a"}', b'{"path":"/b"}']] * 20
    assert dict(met.statuses) == {200: 40}
    assert met.requests == 40
    assert met.broken == 0


def test_an_answer_that_comes_in_pieces_is_put_together() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        customer: Any = SimpleNamespace(connection=ours, buffer=b"")
        answers = []
        for piece in (b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 6\r\n", b"\r\nabc", b"def"):
            theirs.sendall(piece)
            answers.append(crowd._read(customer))
        assert answers == [None, None, None, (200, b"abcdef")]


def test_a_connection_that_the_shop_breaks_is_counted(port: int) -> None:
    met = send_in(port, [asking("/a", "/broken", told=[]), asking("/a", told=[])])
    assert met.broken == 1
    with pytest.raises(Failure, match="2 x 200 and broke 1 connections"):
        met.demand(200)


def test_an_answer_other_than_expected_spoils_the_measurement() -> None:
    met = Visits()
    met.statuses.update({201: 5, 503: 1})
    met.demand(201, 503)
    with pytest.raises(Failure, match="the shop answered 5 x 201, 1 x 503"):
        met.demand(201)


def test_a_shop_that_says_nothing_is_not_waited_for_in_vain(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "_PATIENCE", 0.05)
    with pytest.raises(Failure, match="1 customers got no answer"):
        send_in(port, [asking("/slow", told=[])])


def test_at_closing_time_customers_leave_with_the_answer_they_waited_for(port: int) -> None:
    met = send_in(port, [looking("/page") for _ in range(3)], after(10, []))
    assert met.broken == 0
    assert met.requests >= 10
    assert len(met.seconds) == met.statuses[200]


def test_closing_time_comes_by_the_clock(port: int) -> None:
    met = send_in(port, [looking("/page")], for_seconds(0.1))
    assert met.elapsed >= 0.1
    assert met.cpu <= met.elapsed * 1.5


def test_nobody_listening_is_a_failure_and_not_a_hang() -> None:
    met = send_in(1, [asking("/a", told=[])])
    assert met.broken == 1


def test_the_percentile_is_the_time_within_which_that_share_was_answered() -> None:
    met = Visits()
    met.seconds.extend(n / 100 for n in range(100, 0, -1))
    assert met.percentile(0.95) == pytest.approx(0.96)
    assert met.percentile(1.0) == pytest.approx(1.0)


def test_a_booking_counts_once_it_is_paid(port: int) -> None:
    Shop.left, tally = 6, Tally()
    met = send_in(port, [booking(1, tally)], lambda: Shop.left == 0)
    assert tally.done in (2, 3)  # the last of them may have been held when it was time to leave
    assert met.statuses[200] == tally.done


def test_buyers_take_what_is_left_until_nothing_is(port: int) -> None:
    Shop.left, Shop.cookies, tally = 25, [], Tally()
    met = send_in(port, [buying_out(1, 10, tally)])
    assert tally.done == 25
    assert Shop.left == 0
    assert tally.began > 0
    assert dict(met.statuses) == {201: 3, 200: 3, 409: 2}
    assert Shop.cookies == [None, *[f"basket={BASKET}"] * 7]  # as a browser sends it from the first basket on
