"""A crowd of customers that costs next to nothing, for it shares the machine with the shop that it measures.

One epoll loop and plain sockets: requests are encoded beforehand, and of an answer only what is asked for is read. Each
customer is a generator that yields a request and is sent the answer, so that a visit of several steps reads as such.
"""

from __future__ import annotations

import errno
import select
import socket
from array import array
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter, process_time
from typing import NamedTuple

from tools.console import Failure

_CHUNK = 262_144
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
_PATIENCE = 10.0  # seconds without any answer, after which the shop counts as stuck


class Answer(NamedTuple):
    status: int
    body: bytes


Visit = Generator[bytes, Answer, None]
"""What one customer does, request by request."""


@dataclass(slots=True)
class Visits:
    """What the crowd met. seconds: of each request, the first of a customer from before its connection was made."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: array[float] = field(default_factory=lambda: array("d"))
    broken: int = 0  # connections that ended before the customer left
    elapsed: float = 0.0
    cpu: float = 0.0  # of the crowd itself

    @property
    def requests(self) -> int:
        return len(self.seconds)

    def percentile(self, share: float) -> float:
        """Seconds within which so many of the requests were answered; share: 0..1."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def demand(self, *statuses: int) -> None:
        """Failure unless every answer had one of these statuses, for then the measurement is not what it says."""
        if self.broken or not set(self.statuses) <= set(statuses):
            answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
            raise Failure(f"the shop answered {answers or 'nothing'} and broke {self.broken} connections")


class _Customer:
    __slots__ = ("began", "buffer", "connection", "visit")

    def __init__(self, address: tuple[str, int], visit: Visit) -> None:
        self.visit = visit
        self.buffer = b""
        self.connection = socket.socket()
        self.connection.setblocking(False)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = perf_counter()
        if self.connection.connect_ex(address) not in (0, errno.EINPROGRESS):
            raise Failure(f"nothing listens at {address[0]}:{address[1]}")


def send_in(port: int | Sequence[int], visits: Iterable[Visit], until: Callable[[], bool] | None = None) -> Visits:
    """Let every customer in at once and wait until all have left.

    port: or several, which customers choose in turn. until: asked before each new request; once it answers True,
    customers leave after the answer they wait for.
    """
    met = Visits()
    began, cpu = perf_counter(), process_time()
    inside: dict[int, _Customer] = {}
    with closing(select.epoll()) as poll:
        try:
            for visit, door in zip(visits, cycle([port] if isinstance(port, int) else port), strict=False):
                customer = _Customer(("127.0.0.1", door), visit)
                inside[customer.connection.fileno()] = customer
                poll.register(customer.connection, select.EPOLLOUT)
            _serve(poll, inside, met, until or (lambda: False))
        finally:
            for customer in inside.values():
                customer.connection.close()
    met.elapsed, met.cpu = perf_counter() - began, process_time() - cpu
    return met


def for_seconds(seconds: float) -> Callable[[], bool]:
    """An `until` that ends after so long."""
    end = perf_counter() + seconds
    return lambda: perf_counter() >= end


def _serve(poll: select.epoll, inside: dict[int, _Customer], met: Visits, until: Callable[[], bool]) -> None:
    closing_time = False
    while inside:
        ready = poll.poll(_PATIENCE)
        if not ready:
            raise Failure(f"{len(inside)} customers got no answer for {_PATIENCE:.0f} s")
        closing_time = closing_time or until()
        for number, happened in ready:
            customer = inside[number]
            try:
                if happened & select.EPOLLOUT:
                    customer.connection.send(next(customer.visit))
                    poll.modify(number, select.EPOLLIN)
                    continue
                answer = _read(customer)
                if answer is None:
                    continue
                now = perf_counter()
                met.seconds.append(now - customer.began)
                met.statuses[answer.status] += 1
                request = customer.visit.send(answer)
                if closing_time:
                    raise StopIteration  # noqa: TRY301 - leaves as one who is done does
                customer.began = now
                customer.connection.send(request)
            except (StopIteration, OSError) as end:
                met.broken += isinstance(end, OSError)
                customer.connection.close()  # which takes it out of the poll as well
                del inside[number]


def _read(customer: _Customer) -> Answer | None:
    """The answer once all of it is there; ConnectionError when it will never be."""
    data = customer.connection.recv(_CHUNK)
    if not data:
        raise ConnectionResetError
    if customer.buffer:
        data = customer.buffer + data
    head = data.find(_HEAD_END)
    if head > 0:
        # aiohttp writes Content-Length, others may not.
        at = data.find(b"\r\nContent-Length: ", 0, head)
        if at < 0:
            at = data[:head].lower().find(_LENGTH)
        body = head + len(_HEAD_END)
        length = int(data[at + len(_LENGTH) : data.find(b"\r", at + len(_LENGTH))]) if at > 0 else 0
        if len(data) >= body + length:
            customer.buffer = b""
            return Answer(int(data[9:12]), data[body:])
    customer.buffer = data
    return None
