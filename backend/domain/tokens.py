"""Order tokens: the key to an order for whoever holds the link, without a row to look up."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

_BYTES = 24  # 192 bits: beyond guessing


class OrderTokens:
    """Tokens that follow from the order and a secret.

    secrets: the first signs, all are believed, so that a secret can be replaced without breaking links that are out.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or any(len(secret) < 16 for secret in secrets):
            raise ValueError("an order token's secret has at least 16 characters")
        self._secrets = [secret.encode() for secret in secrets]

    def issue(self, order_id: UUID) -> str:
        """32 URL-safe characters."""
        return _token(self._secrets[0], order_id)

    def fits(self, order_id: UUID, token: str) -> bool:
        """Whether the token is this order's; takes the same time for each wrong one."""
        given = token.encode(errors="surrogatepass")  # a header may hold bytes that are no text
        return sum(hmac.compare_digest(_token(secret, order_id).encode(), given) for secret in self._secrets) > 0


def _token(secret: bytes, order_id: UUID) -> str:
    digest = hmac.digest(secret, b"order:" + order_id.bytes, sha256)
    return urlsafe_b64encode(digest[:_BYTES]).decode()
