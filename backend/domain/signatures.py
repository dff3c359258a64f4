"""Signed messages between a payment provider and the shop: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`."""

# ruff: noqa: N818 (the name says what happened; that it is an error, its base says)

from __future__ import annotations

import hmac

# A message older or newer than this is refused, however well it is signed.
TOLERANCE_SECONDS = 300


class BadSignature(Exception):
    """Not signed with the secret, or not now; its text says which."""


def sign(body: bytes, secret: str, at: float) -> str:
    """The header's value for a body sent at that time (unix seconds)."""
    moment = str(int(at))
    return f"t={moment},v1={_digest(body, secret, moment)}"


def verify(body: bytes, header: str | None, secret: str, now: float) -> None:
    """Raise BadSignature unless the header signs this body within the tolerance.

    Several `v1` may stand in one header while a secret is being rotated; one good one is enough.
    """
    if not header:
        raise BadSignature("no signature")
    parts = [part.strip().partition("=") for part in header.split(",")]
    moment = next((value for name, _, value in parts if name == "t"), "")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        raise BadSignature("no time in the signature")
    expected = _digest(body, secret, moment).encode()
    candidates = [value.encode() for name, _, value in parts if name == "v1"]
    if not any([hmac.compare_digest(expected, candidate) for candidate in candidates]):  # noqa: C419 - compares all
        raise BadSignature("the signature does not match")
    if abs(now - int(moment)) > TOLERANCE_SECONDS:
        raise BadSignature("signed too long ago, or in the future")


def _digest(body: bytes, secret: str, moment: str) -> str:
    return hmac.digest(secret.encode(), moment.encode() + b"." + body, "sha256").hex()
