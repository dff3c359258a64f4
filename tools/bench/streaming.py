"""The memory of a backend that two thousand customers watch at once."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter

from tools.bench.cpu import resident_bytes
from tools.bench.crowd import for_seconds, send_in
from tools.bench.customers import Tally, get, holding
from tools.bench.results import Row, Target
from tools.bench.site import Site
from tools.console import Failure, step

_STREAMS = 2_000
_MIB = 1 << 20
_OPEN_WITHIN = 20.0  # seconds
_TARGET = Target(120, "MiB", at_most=True)


def watch(site: Site, seconds: float) -> list[Row]:
    """One row: resident memory while every stream is open and tickets are being held, so that all of them have news."""
    (event,) = site.stock.publish("watched", capacity=1_000_000)
    before = resident_bytes(site.pids["backend"])
    with _streams(site.port, event.id) as streams:
        tally = Tally()
        send_in(site.port, [holding([event.id], tally) for _ in range(4)], for_seconds(seconds)).demand(201)
        messages = sum(_drain(stream) for stream in streams)
        after = resident_bytes(site.pids["backend"])
    if messages < _STREAMS:
        raise Failure(f"{_STREAMS} streams brought {messages} messages while {tally.done} tickets were held")
    step(f"  {messages:,} messages; {before / _MIB:.0f} MiB before, {after / _MIB:.0f} MiB with all streams open")
    site.settle()
    site.check()
    return [Row.of("memory of the backend with 2,000 live streams", _TARGET, [after / _MIB])]


@contextmanager
def _streams(port: int, event: int) -> Iterator[list[socket.socket]]:
    """Connections on which the first message has arrived."""
    request = get(f"/api/events/{event}/stream")
    with ExitStack() as stack:
        streams = [stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(_STREAMS)]
        poll = stack.enter_context(select.epoll())
        for stream in streams:
            stream.setblocking(False)
            stream.send(request)
            poll.register(stream, select.EPOLLIN | select.EPOLLONESHOT)
        waiting, give_up = len(streams), perf_counter() + _OPEN_WITHIN
        while waiting:
            waiting -= len(poll.poll(1.0))
            if perf_counter() > give_up:
                raise Failure(f"{waiting} of {_STREAMS} streams did not open within {_OPEN_WITHIN:.0f} s")
        yield streams


def _drain(stream: socket.socket) -> int:
    """How many messages have arrived."""
    messages = 0
    while True:
        try:
            data = stream.recv(65_536)
        except BlockingIOError:
            return messages
        if not data:
            raise Failure("the shop closed a stream")
        messages += data.count(b"\ndata:")
