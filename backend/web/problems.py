"""Everything that can be wrong with a request or its answer, as RFC 9457 problem details, in one catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from backend.db.errors import Busy, LockTimeout, QueryTimeout, Unavailable
from backend.domain.errors import DomainError

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """retry_after: seconds after which trying again makes sense, None when it does not."""

    status: int
    title: str
    retry_after: int | None = None


CATALOGUE: Mapping[str, ProblemType] = {
    "validation": ProblemType(400, "The request is not valid"),
    "unauthorized": ProblemType(401, "Access needs a valid token"),
    "payment-declined": ProblemType(402, "The payment was declined"),
    "forbidden": ProblemType(403, "This is not allowed"),
    "not-found": ProblemType(404, "There is nothing here"),
    "method-not-allowed": ProblemType(405, "This address does not take that method"),
    "request-timeout": ProblemType(408, "The request did not arrive in time"),
    "no-place": ProblemType(404, "There is no place in the waiting room"),
    "sold-out": ProblemType(409, "Not enough tickets are left"),
    "seat-gone": ProblemType(409, "A seat is already taken"),
    "not-on-sale": ProblemType(409, "Tickets are not on sale now"),
    "limit-reached": ProblemType(409, "The limit of tickets is reached"),
    "basket-expired": ProblemType(409, "The basket has expired"),
    "basket-bought": ProblemType(409, "The basket has been bought"),
    "basket-empty": ProblemType(409, "The basket is empty"),
    "price-changed": ProblemType(409, "The price has changed"),
    "basket-busy": ProblemType(409, "The basket is being paid for", retry_after=1),
    "waiting-room": ProblemType(409, "Buying needs an admission from the waiting room"),
    "currency-mismatch": ProblemType(409, "The basket is in another currency"),
    "already-extended": ProblemType(409, "The basket was already extended once"),
    "idempotency-in-flight": ProblemType(409, "The same request is still being answered", retry_after=1),
    "not-cancellable": ProblemType(409, "The order can no longer be cancelled"),
    "order-state": ProblemType(409, "The order is not in the right state for this"),
    "body-too-large": ProblemType(413, "The request body is too large"),
    "unsupported-media-type": ProblemType(415, "The request body has to be JSON"),
    "idempotency-mismatch": ProblemType(422, "The Idempotency-Key was used for another request"),
    "too-many-requests": ProblemType(429, "Too many requests", retry_after=1),
    "too-many-holds": ProblemType(429, "Too many tickets are held at a time", retry_after=60),
    "too-many-places": ProblemType(429, "Too many places are taken at a time", retry_after=60),
    "room-full": ProblemType(429, "The waiting room is full", retry_after=60),
    "internal": ProblemType(500, "Something went wrong on our side"),
    "unavailable": ProblemType(503, "The shop is too busy right now", retry_after=1),
    "deadline": ProblemType(504, "The answer took too long", retry_after=1),
}

_BY_STATUS = {
    400: "validation",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
    503: "unavailable",
    504: "deadline",
}


class Problem(Exception):  # noqa: N818 - the name that RFC 9457 gives it
    """Raise it anywhere below the door (`web/edge.py`), which answers it.

    type: a slug of the catalogue. errors: {"field", "message", "expected"} for each invalid field.
    extra: further members of the body.
    """

    def __init__(
        self,
        type: str,  # noqa: A002 - the member's name in RFC 9457
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        extra: Mapping[str, object] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or type)
        kind = CATALOGUE[type]
        self.type = type
        self.status = kind.status
        self.title = kind.title
        self.detail = detail
        self.errors = errors
        self.extra = extra or {}
        self.headers: Mapping[str, str] = {}
        self.retry_after = kind.retry_after if retry_after is None else retry_after

    def body(self, instance: str, request_id: str) -> dict[str, Any]:
        """The members; `error` repeats the title for clients of the predecessor."""
        body: dict[str, Any] = {
            **self.extra,
            "type": f"/problems/{self.type}",
            "title": self.title,
            "status": self.status,
            "instance": instance,
            "request_id": request_id,
            "error": self.title,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.errors:
            body["errors"] = self.errors
        return body


def problem_of(error: BaseException) -> Problem:  # noqa: PLR0911 - a table, one line for each kind of error
    """What a customer is told about this error. An unknown one is `internal`: whoever asks should log it."""
    match error:
        case Problem():
            return error
        case DomainError() if error.slug in CATALOGUE:
            return Problem(error.slug, error.detail, extra=error.extra)
        case Unavailable() | Busy() | QueryTimeout() | LockTimeout():
            return Problem("unavailable", "The request was not carried out. Please try again.")
        case web.HTTPException() if error.status in _BY_STATUS:
            return _of_aiohttp(error)
        case web.HTTPException() if error.status < 500:
            return Problem("validation", error.reason)
        case web.RequestPayloadError():
            return Problem("validation", "The body is broken off or wrongly encoded.")
        case TimeoutError():
            return Problem("deadline")
    return Problem("internal")


def _of_aiohttp(error: web.HTTPException) -> Problem:
    problem = Problem(_BY_STATUS[error.status])
    # A 405 has to say which methods the address takes.
    problem.headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    return problem


def problem_response(problem: Problem, instance: str, request_id: str) -> web.Response:
    """instance: the path that was asked for, without its query, where a token may stand."""
    headers = {**problem.headers, "Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    body = orjson.dumps(problem.body(instance, request_id), default=str)
    return web.Response(body=body, status=problem.status, headers=headers)
