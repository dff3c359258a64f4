"""The QR code of a ticket: signed, so that a door can check it without a network.

The payload is `AEG1.` and, in base 32 without padding, the ticket's code (16 bytes), the event (8 bytes, big-endian),
the key that signed it (4 bytes) and an Ed25519 signature of all that precedes it, the prefix included. Base 32 keeps it
within the QR code's alphanumeric set, which makes a code of 41 by 41 modules that a tired phone still reads. What is
signed never changes: whether the ticket is still in force, only the shop's list knows.
"""

from __future__ import annotations

import base64
import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import segno
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PREFIX = "AEG1."
_CLAIM_BYTES = 28
_KEY_BYTES = 4  # of a claim: more than the few keys of one shop need to be told apart
_SIGNATURE_BYTES = 64
_QUIET = 4  # modules of white on each side
_MASK = 3  # its pattern repeats after 3 modules, which no other part of a code does
_DARK = re.compile(rb"\x01+")


class TicketError(Exception):
    """Not a ticket of this shop; its text says why."""


@dataclass(frozen=True, slots=True)
class TicketClaim:
    """What a genuine payload says."""

    code: UUID
    event_id: int


def signing_key(secret: str) -> Ed25519PrivateKey:
    """The shop's key for tickets, which follows from its secret; the public half is for the doors."""
    seed = HKDF(SHA256(), length=32, salt=None, info=b"ticket signing").derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def key_set(secrets: Sequence[str]) -> dict[str, Any]:
    """The public keys of these secrets as a JSON Web Key Set (RFC 7517, 8037): all that a door needs."""
    keys = [signing_key(secret).public_key() for secret in secrets]
    return {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": _key_id(key).hex(), "x": _base64(key)} for key in keys
        ]
    }


def door_keys(published: Mapping[str, Any]) -> dict[bytes, Ed25519PublicKey]:
    """The keys of such a set, by their id."""
    return {
        bytes.fromhex(key["kid"]): Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(key["x"] + "="))
        for key in published["keys"]
    }


def _key_id(key: Ed25519PublicKey) -> bytes:
    return sha256(key.public_bytes_raw()).digest()[:_KEY_BYTES]


def _base64(key: Ed25519PublicKey) -> str:
    return urlsafe_b64encode(key.public_bytes_raw()).decode().rstrip("=")


def ticket_payload(code: UUID, event_id: int, key: Ed25519PrivateKey) -> str:
    """The text in the QR code."""
    claim = code.bytes + event_id.to_bytes(8, "big") + _key_id(key.public_key())
    signature = key.sign(_PREFIX.encode() + claim)
    return _PREFIX + base64.b32encode(claim + signature).decode().rstrip("=")


def verify(payload: str, keys: Mapping[bytes, Ed25519PublicKey]) -> TicketClaim:
    """What the payload claims, once its signature has been checked. keys: by their id. Raises TicketError."""
    if not payload.startswith(_PREFIX):
        raise TicketError("not one of our tickets")
    raw = _decoded(payload.removeprefix(_PREFIX))
    claim, signature = raw[:_CLAIM_BYTES], raw[_CLAIM_BYTES:]
    key = keys.get(claim[-_KEY_BYTES:])
    if key is None:
        raise TicketError("signed by none of these keys")
    try:
        key.verify(signature, _PREFIX.encode() + claim)
    except InvalidSignature:
        raise TicketError("the signature does not match") from None
    return TicketClaim(UUID(bytes=claim[:16]), int.from_bytes(claim[16:-_KEY_BYTES], "big"))


def _decoded(text: str) -> bytes:
    """The bytes of unpadded base 32; one ticket has exactly one spelling, so that nobody can make it look like two."""
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        raise TicketError("damaged") from None
    if len(raw) != _CLAIM_BYTES + _SIGNATURE_BYTES or base64.b32encode(raw).decode().rstrip("=") != text:
        raise TicketError("damaged")
    return raw


@lru_cache(maxsize=4096)
def ticket_svg(payload: str) -> str:
    """The QR code as an SVG that scales: black on white whatever the page's colours are, with its quiet zone."""
    rows = code(payload).matrix
    size = len(rows) + 2 * _QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}">'
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>'
        f'<path stroke="#000" d="M{_QUIET} {_QUIET}.5{"".join(_strokes(rows))}"/></svg>'
    )


def _strokes(rows: Sequence[bytearray]) -> Iterator[str]:
    """A line along each run of dark modules, and the way there from the end of the one before."""
    across, down = 0, 0
    for number, row in enumerate(rows):
        for run in _DARK.finditer(row):
            begin, end = run.span()
            yield f"m{begin - across} {number - down}h{end - begin}"
            across, down = end, number


VOID_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 49 49" role="img"><title>No longer valid</title>'
    '<path fill="#fff" d="M0 0h49v49h-49z"/>'
    '<g fill="none" stroke="#777"><rect x="4.5" y="4.5" width="40" height="40" rx="2"/>'
    '<path d="M8 8l33 33M41 8l-33 33" stroke-width="2"/></g>'
    '<path fill="#fff" d="M5 20h39v9h-39z"/><text x="24.5" y="26.5" text-anchor="middle" fill="#444"'
    ' font-family="sans-serif" font-size="5">No longer valid</text></svg>'
)
"""In the place of the code of a ticket that opens no door any more."""


def code(payload: str) -> segno.QRCode:
    """Error correction M: a fold or a scratch of 15 per cent does no harm.

    The mask is always the same. The best of the eight would be the one with the fewest large areas; a signature has
    next to none under any of them, and to draw and judge all eight takes five times as long, on the event loop.
    """
    return segno.make_qr(payload, error="m", boost_error=False, mask=_MASK)
