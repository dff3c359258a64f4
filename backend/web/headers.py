"""Headers that every answer carries unless its handler chose otherwise."""

from collections.abc import Mapping

from aiohttp import web
from multidict import istr

from backend.telemetry.logs import REQUEST_ID

# For answers that are no page: nothing in them may run, load or be framed.
_API = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",  # an order's address holds its token
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # customer data is nobody else's; the catalogue says otherwise itself
}

# For our own pages: everything from here, nothing inline.
PAGE: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_ONLY_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
_REQUEST_ID = istr("X-Request-ID")
_SERVER = istr("Server")


def default_headers(*, https: bool) -> dict[str, str]:
    """https: whether the shop's public address is one."""
    return _API | (_ONLY_HTTPS if https else {})


def add_headers(app: web.Application, defaults: Mapping[str, str]) -> None:
    """Complete each answer that aiohttp sends just before its head is sent, streams and errors included."""
    prepared = [(istr(name), value) for name, value in defaults.items()]

    async def complete(_request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        for name, value in prepared:
            headers.setdefault(name, value)
        headers[_REQUEST_ID] = REQUEST_ID.get()
        headers.popall(_SERVER, None)  # which software and version it is concerns nobody

    app.on_response_prepare.append(complete)
