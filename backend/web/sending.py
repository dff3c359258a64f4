"""Sends an ordinary answer in one piece: its head is put together in one go, for which aiohttp takes a dozen steps."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from aiohttp import HttpVersion11, web

from backend.telemetry.logs import REQUEST_ID

# An answer that sets one of these itself is aiohttp's to send.
_OF_THE_CONNECTION = frozenset({"connection", "content-length", "date", "server", "transfer-encoding", "x-request-id"})
_WITHOUT_LENGTH = frozenset({204, 304})


class _Sent(web.StreamResponse):
    """Stands for an answer that is on its way already: nothing is left to do but to read the next request."""

    @property
    def keep_alive(self) -> bool:
        return True

    async def prepare(self, _request: web.BaseRequest) -> None:
        pass

    async def write_eof(self, _data: Any = b"") -> None:
        pass


_SENT = _Sent()


class Sender:
    """defaults: headers that every answer carries unless its handler chose otherwise."""

    def __init__(self, defaults: Mapping[str, str]) -> None:
        self._defaults = defaults
        self._beginning = lru_cache(maxsize=256)(self._begin)

    async def send(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """Send what aiohttp would, and answer that it is sent; or the response itself, which aiohttp has to send.

        That is what has no body of bytes, and whatever is asked for by an old client or ends the connection.
        """
        # By its exact type: a stream or a file is prepared and written in ways of its own.
        if type(response) is not web.Response or response.keep_alive is not None or response.compression:
            return response
        if not request.keep_alive or request.version != HttpVersion11 or request.method == "HEAD":
            return response
        body = response.body or b""
        if not isinstance(body, bytes):
            return response
        head = self._head(response, body)
        if head is None:
            return response
        try:
            await request.writer.write_eof(head + body)
        except ConnectionError:
            return response  # aiohttp meets it again, and knows what to do with the connection
        return _SENT

    def _head(self, response: web.Response, body: bytes) -> bytes | None:
        """All up to the body; None when it is aiohttp's."""
        headers = response.headers.items()
        beginning = self._beginning(response.status, response.reason, tuple([name for name, _ in headers]))
        own = [f"{name}: {value}" for name, value in headers]
        # What would end a line early is refused by aiohttp, with an error.
        if not beginning or not "".join(own).isprintable() or (body and "Content-Type" not in response.headers):
            return None
        if response.status not in _WITHOUT_LENGTH:
            own.append(f"Content-Length: {len(body)}")
        own += (f"X-Request-ID: {REQUEST_ID.get()}", f"Date: {_date(int(time.time()))}", "\r\n")
        return (beginning + "\r\n".join(own)).encode()

    def _begin(self, status: int, reason: str, names: tuple[str, ...]) -> str:
        """The status line and the default headers that are not among those names; '' when it is aiohttp's."""
        chosen = {name.lower() for name in names}
        if chosen & _OF_THE_CONNECTION:
            return ""
        defaults = [f"{name}: {value}\r\n" for name, value in self._defaults.items() if name.lower() not in chosen]
        return f"HTTP/1.1 {status} {reason}\r\n{''.join(defaults)}"


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
