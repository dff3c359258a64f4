"""The Idempotency-Key header: a request that is sent again is answered again, not carried out again."""

import hashlib
import re
from uuid import UUID

from aiohttp import web

from backend.web.problems import Problem

HEADER = "Idempotency-Key"
PATTERN = r"[\x21-\x7e]{1,255}"
_KEY = re.compile(PATTERN)


def idempotency_key(request: web.Request) -> str | None:
    """The header's value; None without one. Problem `validation` unless it is 1 to 255 visible ASCII characters."""
    key = request.headers.get(HEADER)
    if key is None or _KEY.fullmatch(key):
        return key
    error = {"field": HEADER, "message": "Not a usable key", "expected": "1 to 255 visible ASCII characters"}
    raise Problem("validation", "The Idempotency-Key header is not valid.", errors=[error])


def idempotency_id(scope: str, key: str) -> UUID:
    """The same id for the same key in the same scope, and for nothing else.

    scope: whose key it is (basket, cookie, or the body's hash), so that customers never share an answer.
    """
    owner = scope.encode()
    return UUID(bytes=hashlib.sha256(b"%d:%b%b" % (len(owner), owner, key.encode())).digest()[:16])


def body_hash(raw: bytes) -> bytes:
    """SHA-256 of the body as it was sent; the same key with another one is a mistake of the client."""
    return hashlib.sha256(raw).digest()
