"""The waiting room over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from backend.domain.admissions import Place
from backend.features.waiting.schemas import NewPlace, PlaceView
from backend.features.waiting.waiting import Standing, WaitingRooms
from backend.web.admissions import forget_place, place_shown, remember_admission, remember_place
from backend.web.buyers import SECURE_COOKIES, TRUSTED_HOPS
from backend.web.client import client_address
from backend.web.problems import Problem
from backend.web.routes import Routes, reply

ROOMS = web.AppKey("waiting_rooms", WaitingRooms)
routes = Routes()

_PLACE = "/api/events/{event_id:int}/place"


@routes.post(
    _PLACE,
    body=NewPlace,
    answers={200: PlaceView, 201: PlaceView},
    problems=("not-found", "too-many-places", "room-full"),
)
async def take_place(request: web.Request, body: NewPlace, event_id: int) -> web.Response:  # noqa: ARG001 - checked by its schema alone
    """Take a place in the event's waiting room.

    201 with it; 200 with the one that is held already, or without any when none is needed or the room is closed.
    """
    rooms = request.app[ROOMS]
    known = _place_of(request, event_id)
    if known is not None:
        standing = await rooms.standing(known)
        if standing.holds_a_place:
            return _answer(request, standing)
    standing = await rooms.take(event_id, client_address(request, request.app[TRUSTED_HOPS]))
    return _answer(request, standing, status=201 if standing.place else 200)


@routes.get(_PLACE, answers={200: PlaceView}, problems=("not-found", "no-place"))
async def show_place(request: web.Request, event_id: int) -> web.Response:
    """Say where a place stands, by its cookie or the header X-Place.

    Ask again after `poll_after_seconds`: a place whose holder is not heard of is passed over until they ask again. An
    `admission` comes as a cookie too; without cookies it is sent as the header X-Admission where tickets are held.
    """
    return _answer(request, await request.app[ROOMS].standing(_demand_place(request, event_id)))


@routes.delete(_PLACE, answers={204: None}, problems=("no-place",))
async def leave_place(request: web.Request, event_id: int) -> web.Response:
    """Give one's place up."""
    await request.app[ROOMS].leave(_demand_place(request, event_id))
    response = web.Response(status=204)
    forget_place(response, event_id, secure=request.app[SECURE_COOKIES])
    return response


def _place_of(request: web.Request, event_id: int) -> Place | None:
    """The place that the request shows, if it is one of this event's."""
    token = place_shown(request.headers, event_id)
    place = request.app[ROOMS].keys.place(token) if token else None
    return place if place and place.event_id == event_id else None


def _demand_place(request: web.Request, event_id: int) -> Place:
    place = _place_of(request, event_id)
    if place is None:
        raise Problem("no-place", "Take a place first: POST to this address.")
    return place


def _answer(request: web.Request, standing: Standing, status: int = 200) -> web.Response:
    keys, secure = request.app[ROOMS].keys, request.app[SECURE_COOKIES]
    place = keys.place_token(standing.place) if standing.place else None
    admission = keys.admission_token(standing.admission) if standing.admission else None
    expires = standing.admission.expires if standing.admission else None
    content = {
        "event_id": standing.event_id,
        "state": standing.state,
        "position": standing.position,
        "waiting": standing.waiting,
        "estimate_seconds": dict(zip(("from", "to"), standing.estimate, strict=True)) if standing.estimate else None,
        "opens_at": standing.opens_at,
        "poll_after_seconds": standing.poll_after,
        "admission": admission,
        "admission_expires_at": datetime.fromtimestamp(expires, UTC) if expires else None,
        "place": place,
    }
    response = reply(content, status, {"Cache-Control": "no-store"})
    if place is not None:
        remember_place(response, standing.event_id, place, secure=secure)
    if admission is not None:
        remember_admission(response, standing.event_id, admission, secure=secure)
    return response
