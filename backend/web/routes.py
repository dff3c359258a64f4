"""Routes as records: what a route takes and answers is written once, for the handler, the checks and the document."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Required, TypedDict, Unpack
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict

from backend.web.idempotency import HEADER, demand_usable
from backend.web.parsing import BODY_LIMIT, read_body, read_query, read_raw

Handler = Callable[..., Awaitable[web.StreamResponse]]

# How the door treats a route. customer: every guard. stream: neither deadline nor place among those in flight.
# machine: signed by who calls it, so neither Sec-Fetch-Site nor the limit by address applies. page: a file of the front
# end, of which one visit needs many, so it does not count for its address. health: no guard at all.
Kind = Literal["customer", "stream", "machine", "page", "health"]


class View(BaseModel):
    """A JSON answer: it has the documented fields and no others."""

    model_config = ConfigDict(extra="forbid")


Answer = type[BaseModel] | str | None
"""A JSON body by its model, another body by its media type, or no body."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    pattern: str
    read: Callable[[str], Any]
    schema: Mapping[str, object]


# Anything that does not match is another path, so it is 404 as unknown ids are.
_PARAMETERS = {
    "int": _Parameter(r"[0-9]{1,18}", int, {"type": "integer", "minimum": 0}),
    "uuid": _Parameter(
        r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", UUID, {"type": "string", "format": "uuid"}
    ),
    "page": _Parameter(r"(?!api(?:/|$)).*", str, {"type": "string"}),
    "": _Parameter(r"[A-Za-z0-9_-]{1,200}", str, {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,200}$"}),
}
_PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path.

    template: the path as it is measured and documented, `/api/events/{event_id}`.
    raw: the handler gets the body as bytes of this media type. token: it answers only to the order token.
    idempotent: it takes an Idempotency-Key. deadline: seconds, None for the usual.
    """

    method: str
    path: str
    handler: Handler
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answers: Mapping[int, Answer]
    problems: tuple[str, ...] = ()
    kind: Kind = "customer"
    raw: str | None = None
    token: bool = False
    idempotent: bool = False
    deadline: float | None = None
    body_limit: int = BODY_LIMIT
    parameters: Mapping[str, _Parameter] = field(init=False)

    def __post_init__(self) -> None:
        found = {name: _PARAMETERS[kind or ""] for name, kind in _PLACEHOLDER.findall(self.path)}
        object.__setattr__(self, "parameters", found)
        for model in (self.body, self.query):
            if model is not None:
                _demand_strictness(model)

    @property
    def template(self) -> str:
        return _PLACEHOLDER.sub(r"{\1}", self.path)

    @property
    def name(self) -> str:
        """As slo.yaml names it."""
        return f"{self.method} {self.template}"

    @property
    def pattern(self) -> str:
        """As aiohttp's router reads it; its `canonical` is the template."""
        return _PLACEHOLDER.sub(lambda match: f"{{{match[1]}:{self.parameters[match[1]].pattern}}}", self.path)

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.handler) or self.name).partition("\n")[0]

    @property
    def description(self) -> str:
        return (inspect.getdoc(self.handler) or "").partition("\n")[2].strip()


class RouteOptions(TypedDict, total=False):
    """What a decorator takes besides the path; see `Route`."""

    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answers: Required[Mapping[int, Answer]]
    problems: tuple[str, ...]
    kind: Kind
    raw: str | None
    token: bool
    idempotent: bool
    deadline: float | None
    body_limit: int


class Routes:
    """A feature's routes; its decorators take what `Route` takes.

    The handler gets the request, then the body, then the query where the route has them, and those path parameters
    that it names as arguments, read as their kind: `{event_id:int}`, `{order_id:uuid}`, `{code}`.
    """

    def __init__(self) -> None:
        self._records: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._records)

    def add(self, method: str, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self._records.append(Route(method=method, path=path, handler=handler, **options))
            return handler

        return register

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        return self.add("GET", path, **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        return self.add("POST", path, **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[Handler], Handler]:
        return self.add("DELETE", path, **options)


def adapted(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The route's handler with its arguments read from the request."""
    handler = route.handler
    readers = [(name, route.parameters[name].read) for name in _wanted(route)]
    body, query, limit = route.body, route.query, route.body_limit
    no_query = _default(query)
    idempotent = route.idempotent

    async def answer(request: web.Request) -> web.StreamResponse:
        if idempotent and HEADER in request.headers:
            demand_usable(request.headers[HEADER])
        arguments: list[Any] = []
        if body is not None:
            arguments.append(await read_body(request, body, limit))
        elif route.raw is not None:
            arguments.append(await read_raw(request, limit))
        if query is not None:
            arguments.append(no_query if no_query and not request.query_string else read_query(request, query))
        values = {name: read(request.match_info[name]) for name, read in readers}
        return await handler(request, *arguments, **values)

    return answer if readers or body or query or route.raw or idempotent else handler


def _wanted(route: Route) -> list[str]:
    """The path parameters that the handler takes; TypeError when it takes something that nobody can give."""
    given = 1 + sum(part is not None for part in (route.body or route.raw, route.query))
    names = list(inspect.signature(route.handler).parameters)[given:]
    unknown = [name for name in names if name not in route.parameters]
    if unknown:
        raise TypeError(f"{route.name}: its handler wants {unknown}, which are not in the path")
    return names


def _default(model: type[BaseModel] | None) -> BaseModel | None:
    """What the query is when none is sent, made once; None when some parameter is needed."""
    if model is None or any(field.is_required() for field in model.model_fields.values()):
        return None
    return model()


def _demand_strictness(model: type[BaseModel]) -> None:
    """TypeError when this model or one inside it would swallow fields it does not know."""
    schema = model.model_json_schema()
    for name, part in {model.__name__: schema, **schema.get("$defs", {})}.items():
        if "properties" in part and part.get("additionalProperties") is not False:
            raise TypeError(f"{name} takes unknown fields: derive it from backend.web.parsing's Body or Query")


def reply(
    content: BaseModel | Mapping[str, Any] | bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """A JSON answer. content: a model, plain values, or bytes that are JSON already."""
    if isinstance(content, BaseModel):
        content = content.__pydantic_serializer__.to_json(content)
    elif not isinstance(content, bytes):
        content = orjson.dumps(content, option=orjson.OPT_UTC_Z)
    response = web.Response(body=content, status=status, headers=headers)
    response.headers["Content-Type"] = "application/json"
    return response
