"""The basket cookie: the only cookie of the shop. It names the basket and opens nothing else."""

from uuid import UUID

from aiohttp import web

_NAME = "basket="
_DAY = 86_400


def basket_cookie(request: web.Request) -> UUID | None:
    """The basket of this browser, None without a cookie that could be one."""
    # Parsed by hand: the standard parser costs more than the rest of the request, and one bad cookie spoils the others.
    sent = request.headers.get("Cookie")
    if sent is None:
        return None
    for part in sent.split(";"):
        name, found, value = part.strip().partition(_NAME)
        if found and not name:
            try:
                return UUID(value)
            except ValueError:
                return None
    return None


def remember_basket(response: web.StreamResponse, basket: UUID, *, secure: bool) -> None:
    """Keep the basket in the browser for a day. secure: whether the shop's public address is https."""
    response.headers.add("Set-Cookie", remembering(basket, secure=secure))


def remembering(basket: UUID, *, secure: bool) -> str:
    """The value of the header Set-Cookie that does it."""
    return f"{_NAME}{basket}; Max-Age={_DAY}; {_attributes(secure=secure)}"


def forget_basket(response: web.StreamResponse, *, secure: bool) -> None:
    response.headers.add("Set-Cookie", f"{_NAME}; Max-Age=0; {_attributes(secure=secure)}")


def _attributes(*, secure: bool) -> str:
    return "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
