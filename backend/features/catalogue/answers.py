"""Encoded answers, ready to be sent: on a hit nothing is left to do but to hand over bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """tag: the entity tag without its W/, which changes with the content. headers: of the 200 that carries the body."""

    body: bytes
    tag: str
    headers: CIMultiDict[str]

    @classmethod
    def of(cls, body: bytes, *, content_type: str = JSON, cache: str = "no-cache") -> Answer:
        tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        named = {"Content-Type": content_type, "Cache-Control": cache, "ETag": f"W/{tag}"}
        return cls(body, tag, CIMultiDict(named))


def respond(request: web.Request, answer: Answer) -> web.Response:
    """The answer, or 304 when the client has it already."""
    if is_known(request, answer):
        kept = {name: answer.headers[name] for name in ("ETag", "Cache-Control")}
        return web.Response(status=304, headers=kept)
    return web.Response(body=answer.body, headers=answer.headers)


def is_known(request: web.Request, answer: Answer) -> bool:
    """Whether If-None-Match names it; strong and weak tags mean the same there."""
    known = request.headers.get("If-None-Match")
    return known is not None and (answer.tag in known or known.strip() == "*")
