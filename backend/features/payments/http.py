"""One HTTP client for the providers that have one: bounded in time, and every failure one of two errors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import aiohttp
import orjson
from yarl import URL

from backend.domain.payments import ProviderRefused, ProviderUnavailable, UnknownPayment, WrongKey
from backend.features.payments.answers import text_of

# Said by a provider that did nothing yet: asking again later is right.
_TRY_AGAIN = frozenset({408, 409, 425, 429})
_REFUSALS = {401: WrongKey, 403: WrongKey, 404: UnknownPayment}


class Timeouts(NamedTuple):
    """Seconds to get a connection, and until the answer is there."""

    connect: float
    total: float


class ProviderHttp:
    """Requests to one provider over kept-alive connections.

    Every request it sends may be sent twice (they are reads, or idempotent by the shop's ids), so one that met a
    connection which the provider was just closing is sent again, once.
    """

    def __init__(self, base_url: str, headers: Mapping[str, str], timeouts: Timeouts) -> None:
        self._base = URL(base_url)
        self._headers = dict(headers)
        self._timeouts = timeouts
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object that the provider answers, as for `post`."""
        return await self._exchange("GET", self._url(path, query))

    async def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object that the provider answers.

        Raises a kind of ProviderRefused when it says no (4xx), ProviderUnavailable when the outcome is unknown.
        """
        return await self._exchange("POST", self._url(path), body, headers)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _url(self, path: str, query: Mapping[str, str] | None = None) -> URL:
        url = self._base.with_path(path, encoded=True)
        return url.with_query(query) if query else url

    async def _exchange(
        self, method: str, url: URL, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._timeouts.total):
                try:
                    status, raw = await self._send(method, url, body, headers)
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                    if isinstance(error, aiohttp.ClientConnectorError):
                        raise
                    status, raw = await self._send(method, url, body, headers)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ProviderUnavailable(f"{method} {url.path}: {str(error) or type(error).__name__}") from error
        answer = _object(raw)
        if 400 <= status < 500 and status not in _TRY_AGAIN:
            raise _REFUSALS.get(status, ProviderRefused)(_reason(answer, status))
        if answer is None or not 200 <= status < 300:
            raise ProviderUnavailable(f"{method} {url.path}: answered {status}")
        return answer

    async def _send(
        self, method: str, url: URL, body: bytes | None, headers: Mapping[str, str] | None
    ) -> tuple[int, bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        async with self._session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.read()


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _reason(answer: dict[str, Any] | None, status: int) -> str:
    error = (answer or {}).get("error")
    if isinstance(error, dict):
        with suppress(TypeError, ValueError):
            return text_of(error.get("code") or error.get("message"))
    return f"answered {status}"
