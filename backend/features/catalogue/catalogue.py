"""The catalogue as customers see it: every answer encoded once, and kept for as long as it is true enough."""

from __future__ import annotations

import time
from contextlib import aclosing
from datetime import UTC, datetime

import orjson

from backend.db.listen import News, listen
from backend.db.pool import Database
from backend.features.catalogue import views
from backend.features.catalogue.answers import Answer
from backend.features.catalogue.availability import AvailabilityFeed
from backend.features.catalogue.offers import EventOffers
from backend.features.catalogue.poster import draw_poster
from backend.features.catalogue.store import Filter, list_events, read_event, read_seats, rows_of_hall
from backend.memory import Clock, Freshness, Memory
from backend.web.sse import Hub

# What is left may be a second old; half of that leaves room for the reading itself.
_LISTS = Freshness(fresh=0.5, usable=0.9, most=250)
_EVENTS = Freshness(fresh=0.5, usable=0.9, most=2000)
_SEATS = Freshness(fresh=0.25, usable=0.5, most=100)
_POSTERS = Freshness(fresh=60.0, usable=120.0, most=500)
_FOR_EVER = "public, max-age=31536000, immutable"

Made = tuple[Answer | None, datetime | None]


class Catalogue:
    """lists, events, seats, posters: answers by what is asked; None where there is no such event."""

    def __init__(self, db: Database, hub: Hub, clock: Clock = time.time) -> None:
        self._db = db
        self.clock = clock
        self.hub = hub
        self.offers = EventOffers(db, clock)
        self.feed = AvailabilityFeed(db, hub, clock)
        self.lists: Memory[Filter, Answer] = Memory(self._list, _LISTS, clock)
        self.events: Memory[int, Answer | None] = Memory(self._event, _EVENTS, clock)
        self.seats: Memory[int, Answer | None] = Memory(self._seats, _SEATS, clock)
        self.posters: Memory[int, Answer | None] = Memory(self._poster, _POSTERS, clock)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    async def follow(self, dsn: str) -> None:
        """Keep up with what other processes change, until cancelled; on a connection of its own."""
        async with aclosing(listen(dsn, ["availability", "catalogue"])) as items:
            async for news in items:
                self.take(news)

    def take(self, news: News) -> None:
        """An empty list of events, or what nobody can read, means all of them."""
        for channel, payload in (*news.notices, *[("catalogue", "[]")] * news.resync):
            events = _event_ids(payload)
            if channel == "catalogue":
                self._forget(events)
            if events:
                self.feed.changed(events)
            else:
                self.feed.everything_changed()

    def _forget(self, events: list[int]) -> None:
        self.lists.forget_all()
        for memory in (self.events, self.seats, self.posters, self.offers):
            for event_id in events:
                memory.forget(event_id)
            if not events:
                memory.forget_all()

    async def _list(self, asked: Filter) -> tuple[Answer, datetime | None]:
        now = self.now()
        total, events = await list_events(self._db, asked, now)
        listed = [views.summary(event, now) for event in events]
        body = _encoded({"events": listed, "count": len(listed), "total": total, "page": asked.page})
        return Answer.of(body), views.changes_at(events, now)

    async def _event(self, event_id: int) -> Made:
        """Everything but the brace and the server's time, which are put in front of it when it is sent."""
        now = self.now()
        event = await read_event(self._db, event_id)
        if event is None:
            return None, None
        rows = await rows_of_hall(self._db, event_id) if event.seated else []
        # Not stored by browsers: one that took its copy for the answer would show an old time as the server's.
        body = _encoded(views.detail(event, now, rows))
        return Answer.of(body[1:], cache="no-store"), views.changes_at([event], now)

    async def _seats(self, event_id: int) -> Made:
        event = await read_event(self._db, event_id)
        if event is None:
            return None, None
        seats = await read_seats(self._db, event_id) if event.seated else []
        return Answer.of(_encoded(views.seat_list(event, seats))), None

    async def _poster(self, event_id: int) -> Made:
        event = await read_event(self._db, event_id)
        if event is None:
            return None, None
        return Answer.of(draw_poster(event).encode(), content_type="image/svg+xml", cache=_FOR_EVER), None


def _encoded(content: dict[str, object]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def _event_ids(payload: str) -> list[int]:
    try:
        events = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return []
    return [event for event in events if isinstance(event, int)] if isinstance(events, list) else []
