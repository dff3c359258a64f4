"""Who is buying: the basket that a request names, its cookie, its address and its Idempotency-Key."""

from uuid import UUID

from aiohttp import web

from backend.domain.baskets import Buyer, Idempotency
from backend.web.client import client_address
from backend.web.cookies import basket_cookie
from backend.web.idempotency import HEADER, body_hash, idempotency_id, scope_of_stranger

TRUSTED_HOPS = web.AppKey("trusted_hops", int)
SECURE_COOKIES = web.AppKey("secure_cookies", bool)


async def buyer_of(request: web.Request, named: UUID | None = None) -> Buyer:
    """The buyer of this request. named: the basket in its body or query.

    A key's scope is the basket, else the cookie, else the body itself, so that answers never cross customers. The door
    has seen to it that the key is usable.
    """
    cookie = basket_cookie(request)
    address = client_address(request, request.app[TRUSTED_HOPS])
    key = request.headers.get(HEADER)
    idempotency = None
    if key is not None:
        fingerprint = body_hash(await request.read()).hex()
        without_cookie = idempotency_id(str(named or scope_of_stranger(key, fingerprint, address)), key)
        scoped = idempotency_id(str(cookie), key) if cookie and not named else without_cookie
        idempotency = Idempotency(scoped, without_cookie, fingerprint)
    return Buyer(named, cookie, address, idempotency, request.headers)
