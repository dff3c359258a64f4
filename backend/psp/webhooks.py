"""Delivery of webhooks: one bounded queue, one sender, signed, tried again with growing pauses."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from dataclasses import replace
from typing import Final

import aiohttp
import orjson

from backend.domain.signatures import sign
from backend.psp.messages import Post

SIGNATURE_HEADER: Final = "Psp-Signature"
EVENTS_IN_A_CALL: Final = 100
PENDING_EVENTS: Final = 10_000
LONGEST_PAUSE_SECONDS: Final = 60.0
ANSWER_TIMEOUT: Final = aiohttp.ClientTimeout(total=3, connect=2)


class WebhookSender:
    """Sends one call at a time, so that a sale's webhooks never crowd out its customers.

    What the shop knows already waits `linger` seconds for company and shares a call; everything else goes at once.
    Beyond PENDING_EVENTS new ones are dropped and counted: the shop asks when it was not told.
    """

    def __init__(self, secret: str, *, linger: float, retry: float, attempts: int) -> None:
        self._secret = secret
        self._linger = linger
        self._retry = retry
        self._attempts = attempts
        self._queue: deque[Post] = deque()
        self._filled = asyncio.Event()
        self.pending = 0
        self.delivered = 0
        self.refused = 0
        self.dropped = 0

    def put(self, posts: list[Post]) -> None:
        """Have them delivered, in this order."""
        for post in posts:
            if self.pending + len(post.events) > PENDING_EVENTS:
                self.dropped += len(post.events)
            else:
                self.pending += len(post.events)
                self._enqueue(post)

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with aiohttp.ClientSession(timeout=ANSWER_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session:
            while True:
                await self._filled.wait()
                post = await self._next()
                self._settle(post, delivered=await self._deliver(session, post))

    async def deliver(self, posts: list[Post]) -> None:
        """Deliver once and now, whatever comes of it."""
        async with aiohttp.ClientSession(timeout=ANSWER_TIMEOUT) as session:
            for post in posts:
                self._count(post, delivered=await self._deliver(session, post))

    def _enqueue(self, post: Post) -> None:
        self._queue.append(post)
        self._filled.set()

    async def _next(self) -> Post:
        if self._queue[0].patient and len(self._queue) < EVENTS_IN_A_CALL:
            await asyncio.sleep(self._linger)
        post = self._queue.popleft()
        if post.patient:
            post = self._with_company(post)
        if not self._queue:
            self._filled.clear()
        return post

    def _with_company(self, post: Post) -> Post:
        events = list(post.events)
        while (
            self._queue and self._queue[0].patient and self._queue[0].url == post.url and len(events) < EVENTS_IN_A_CALL
        ):
            events.extend(self._queue.popleft().events)
        return replace(post, events=tuple(events))

    async def _deliver(self, session: aiohttp.ClientSession, post: Post) -> bool:
        body = orjson.dumps({"events": post.events})
        now = time.time()
        header = {
            "good": lambda: sign(body, self._secret, now),
            "forged": lambda: sign(body, self._secret + "?", now),
            "stale": lambda: sign(body, self._secret, now - 3600),
        }[post.signature]()
        headers = {SIGNATURE_HEADER: header, "Content-Type": "application/json"}
        try:
            async with session.post(post.url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    def _settle(self, post: Post, *, delivered: bool) -> None:
        if not delivered and post.signature == "good" and post.attempt < self._attempts:
            again = replace(post, attempt=post.attempt + 1, patient=False)
            asyncio.get_running_loop().call_later(self._pause(post.attempt), self._enqueue, again)
            return
        self.pending -= len(post.events)
        self._count(post, delivered=delivered)

    def _count(self, post: Post, *, delivered: bool) -> None:
        if delivered:
            self.delivered += len(post.events)
        else:
            self.refused += len(post.events)

    def _pause(self, attempt: int) -> float:
        longest = min(self._retry * 2.0**attempt, LONGEST_PAUSE_SECONDS)
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, guards nothing
