"""The Idempotency-Key header: a request that is sent again is answered again, not carried out again."""

import hashlib
import re
from uuid import UUID

from backend.web.problems import Problem

HEADER = "Idempotency-Key"
PATTERN = r"[\x21-\x7e]{1,255}"
_KEY = re.compile(PATTERN)
_RANDOM = 20  # characters: 128 random bits take 22 in base64, 26 as a ULID, 32 in hexadecimal


def demand_usable(key: str) -> None:
    """Problem `validation` unless it is 1 to 255 visible ASCII characters."""
    if _KEY.fullmatch(key) is None:
        error = {"field": HEADER, "message": "Not a usable key", "expected": "1 to 255 visible ASCII characters"}
        raise Problem("validation", "The Idempotency-Key header is not valid.", errors=[error])


def scope_of_stranger(key: str, fingerprint: str, address: str) -> str:
    """Whose key it is when neither basket nor cookie says so: whoever sends this body.

    A key that others may think of too ("1", "order-7") counts for its address alone. One that is long enough to be
    random does not: its owner may come from another address when they try again, and must not buy twice.
    """
    return fingerprint if len(key) >= _RANDOM else f"{fingerprint} {address}"


def idempotency_id(scope: str, key: str) -> UUID:
    """The same id for the same key in the same scope, and for nothing else.

    scope: whose key it is (basket, cookie, or a stranger's), so that customers never share an answer.
    """
    owner = scope.encode()
    return UUID(bytes=hashlib.sha256(b"%d:%b%b" % (len(owner), owner, key.encode())).digest()[:16])


def body_hash(raw: bytes) -> bytes:
    """SHA-256 of the body as it was sent; the same key with another one is a mistake of the client."""
    return hashlib.sha256(raw).digest()
