"""What a request shows of the waiting room: the place that it waits at and the admission that it was given.

Both are signed by the shop. They come by a header, for clients without cookies, or by a cookie of the event's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

PLACE_HEADER, ADMISSION_HEADER = "X-Place", "X-Admission"
_DAY = 86_400


def place_shown(headers: Mapping[str, str], event_id: int) -> str | None:
    return headers.get(PLACE_HEADER) or _cookie(headers, f"place_{event_id}=")


def admission_shown(headers: Mapping[str, str], event_id: int) -> str | None:
    return headers.get(ADMISSION_HEADER) or _cookie(headers, f"admission_{event_id}=")


def remember_place(response: web.StreamResponse, event_id: int, token: str, *, secure: bool) -> None:
    """Keep it for a day, for the address of the place alone."""
    path = f"/api/events/{event_id}/place"
    response.headers.add("Set-Cookie", f"place_{event_id}={token}; Max-Age={_DAY}; {_attributes(path, secure=secure)}")


def forget_place(response: web.StreamResponse, event_id: int, *, secure: bool) -> None:
    path = f"/api/events/{event_id}/place"
    response.headers.add("Set-Cookie", f"place_{event_id}=; Max-Age=0; {_attributes(path, secure=secure)}")


def remember_admission(response: web.StreamResponse, event_id: int, token: str, *, secure: bool) -> None:
    """Keep it for an hour, which is longer than any is good for."""
    cookie = f"admission_{event_id}={token}; Max-Age=3600; {_attributes('/api', secure=secure)}"
    response.headers.add("Set-Cookie", cookie)


def _cookie(headers: Mapping[str, str], name: str) -> str | None:
    for part in headers.get("Cookie", "").split(";"):
        before, found, value = part.strip().partition(name)
        if found and not before:
            return value
    return None


def _attributes(path: str, *, secure: bool) -> str:
    return f"Path={path}; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
