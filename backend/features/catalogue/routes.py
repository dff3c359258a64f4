"""The catalogue over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from aiohttp import web

from backend.features.catalogue.answers import Answer, is_known, respond
from backend.features.catalogue.catalogue import Catalogue
from backend.features.catalogue.schemas import EventDetail, EventList, EventQuery, PosterQuery, SeatListView
from backend.memory import Memory
from backend.web.problems import Problem
from backend.web.routes import Routes

CATALOGUE = web.AppKey("catalogue", Catalogue)
catalogue_routes = Routes()


@catalogue_routes.get("/api/events", query=EventQuery, answers={200: EventList, 304: None})
async def list_events(request: web.Request, query: EventQuery) -> web.Response:
    """Find events to come, the next one first."""
    lists = request.app[CATALOGUE].lists
    return respond(request, lists.ready(query.filter) or await lists.get(query.filter))


@catalogue_routes.get("/api/events/{event_id:int}", answers={200: EventDetail, 304: None}, problems=("not-found",))
async def show_event(request: web.Request) -> web.Response:
    """An event with its ticket types, its hall and the server's time."""
    event_id = int(request.match_info["event_id"])  # by hand: the hottest of all pages is spared the adapter
    catalogue = request.app[CATALOGUE]
    answer = catalogue.events.ready(event_id) or await _found(catalogue.events, event_id)
    if is_known(request, answer):
        return respond(request, answer)
    return web.Response(body=b'{"server_time":"%b",%b' % (_now(catalogue), answer.body), headers=answer.headers)


@catalogue_routes.get(
    "/api/events/{event_id:int}/seats", answers={200: SeatListView, 304: None}, problems=("not-found",)
)
async def list_seats(request: web.Request, event_id: int) -> web.Response:
    """Every seat of an event and whether it is free; none for general admission."""
    return respond(request, await _found(request.app[CATALOGUE].seats, event_id))


@catalogue_routes.get(
    "/api/events/{event_id:int}/poster.svg",
    query=PosterQuery,
    answers={200: "image/svg+xml", 304: None},
    problems=("not-found",),
)
async def show_poster(request: web.Request, query: PosterQuery, event_id: int) -> web.Response:
    """The event's poster, drawn from what is known of it."""
    response = respond(request, await _found(request.app[CATALOGUE].posters, event_id))
    if query.v is None:
        response.headers["Cache-Control"] = "no-cache"
    return response


@catalogue_routes.get(
    "/api/events/{event_id:int}/stream",
    answers={200: "text/event-stream"},
    problems=("not-found",),
    kind="stream",
)
async def stream_availability(request: web.Request, event_id: int) -> web.StreamResponse:
    """What is left of an event, now and whenever it changes, as server-sent events."""
    catalogue = request.app[CATALOGUE]
    state = await catalogue.feed.state(event_id)
    if state is None:
        raise Problem("not-found", "There is no such event.")
    return await catalogue.hub.stream(request, event_id, state.data, state.version)


async def _found(memory: Memory[int, Answer | None], event_id: int) -> Answer:
    answer = await memory.get(event_id)
    if answer is None:
        raise Problem("not-found", "There is no such event.")
    return answer


def _now(catalogue: Catalogue) -> bytes:
    seconds = catalogue.clock()
    return b"%b.%03dZ" % (_second(int(seconds)), seconds % 1 * 1000)


@lru_cache(maxsize=2)
def _second(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
