"""Whether a request that changes something was made by a page of ours."""

from urllib.parse import urlsplit

from aiohttp import web

from backend.web.problems import Problem

_SAFE_SITES = frozenset({"same-origin", "none"})


def public_origin(public_url: str) -> str:
    """https://tickets.example.com/shop -> https://tickets.example.com."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}"


def refuse_foreign_page(request: web.Request, own_origin: str) -> None:
    """Problem `forbidden` when a page of another site made the browser send this.

    Browsers say where a request comes from in Sec-Fetch-Site, and on plain http at least in Origin. No page can
    forge either. A request with neither comes from no page: it is a client of the API and carries no one's cookies.
    """
    headers = request.headers
    site = headers.get("Sec-Fetch-Site")
    if site in _SAFE_SITES:
        return
    origin = headers.get("Origin")
    if site is None and origin is None:
        return
    if origin == own_origin or (site is None and origin is not None and _host_of(origin) == request.host):
        return
    raise Problem("forbidden", "This request was made by a page of another site.")


def _host_of(origin: str) -> str | None:
    """With its port; None for what is no address, such as `null`."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
