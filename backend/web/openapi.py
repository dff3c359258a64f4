"""The OpenAPI 3.1 document, made from the route records, so that it cannot say anything else than the code does."""

from collections import Counter
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from backend.web import idempotency, problems
from backend.web.problems import CATALOGUE
from backend.web.routes import Answer, Route

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/{model}"

# Every customer route may answer these, whatever it does.
_ALWAYS = ("too-many-requests", "internal", "unavailable", "deadline")

_PROBLEM: Schema = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `type` is stable; further members belong to the type.",
    "required": ["type", "title", "status", "instance", "request_id", "error"],
    "properties": {
        "type": {"type": "string", "description": "/problems/ and the name of the problem"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "The path that was asked for"},
        "request_id": {"type": "string", "description": "Quote it when asking for help"},
        "error": {"type": "string", "description": "The title again, for older clients"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "expected"],
                "properties": {name: {"type": "string"} for name in ("field", "message", "expected")},
            },
        },
    },
}

_ORDER_TOKEN: Mapping[str, Schema] = {
    "orderToken": {"type": "http", "scheme": "bearer", "description": "The `order_token` of the checkout's answer"},
    "orderTokenInQuery": {"type": "apiKey", "in": "query", "name": "token", "description": "The same, for links"},
}


def openapi_document(routes: Iterable[Route], title: str, version: str) -> Schema:
    """The whole document as plain values."""
    records = [route for route in routes if route.kind not in {"health", "page"}]
    names = Counter(map(_operation_id, records))
    if twice := [name for name, times in names.items() if times > 1]:
        raise ValueError(f"two routes have handlers of the same name: {twice}")
    refs, schemas = _schemas(records)
    paths: dict[str, Schema] = {}
    for route in records:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.1",
        "info": {"title": title, "version": version, "description": "Errors are problem details; see `Problem`."},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": {**schemas, "Problem": _PROBLEM}, "securitySchemes": dict(_ORDER_TOKEN)},
    }


Key = tuple[Any, JsonSchemaMode]  # a model and which side of it


def _schemas(records: Iterable[Route]) -> tuple[Mapping[Key, Schema], Mapping[str, Schema]]:
    """References by model and the schemas they point at."""
    wanted: list[Key] = []
    for route in records:
        wanted += [(model, "validation") for model in (route.body, route.query) if model]
        wanted += [(model, "serialization") for model in route.answers.values() if isinstance(model, type)]
    refs, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REFERENCE)
    return refs, definitions.get("$defs", {})


def _operation(route: Route, refs: Mapping[Key, Schema]) -> Schema:
    operation: Schema = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [route.template.removeprefix("/api/").partition("/")[0]],
        "parameters": _parameters(route),
        "responses": _responses(route, refs),
    }
    if route.description:
        operation["description"] = route.description
    if route.body:
        required = any(field.is_required() for field in route.body.model_fields.values())
        content = {"application/json": {"schema": refs[route.body, "validation"]}}
        operation["requestBody"] = {"required": required, "content": content}
    elif route.raw:
        operation["requestBody"] = {"required": True, "content": {route.raw: {}}}
    if route.token:
        operation["security"] = [{name: []} for name in _ORDER_TOKEN]
    return operation


def _operation_id(route: Route) -> str:
    return route.handler.__name__


def _parameters(route: Route) -> list[Schema]:
    parameters: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": dict(parameter.schema)}
        for name, parameter in route.parameters.items()
    ]
    if route.query:
        schema = route.query.model_json_schema()
        parameters += [
            {"name": name, "in": "query", "required": name in schema.get("required", []), "schema": part}
            for name, part in schema["properties"].items()
            if not (route.token and name == "token")  # the security scheme says it already
        ]
    if route.idempotent:
        parameters.append(
            {
                "name": idempotency.HEADER,
                "in": "header",
                "required": False,
                "description": "The same key and body get the same answer again; the same key and another body a 422.",
                "schema": {"type": "string", "pattern": f"^{idempotency.PATTERN}$"},
            }
        )
    return parameters


def problems_of(route: Route) -> list[str]:
    """The slugs that this route can answer: those it names, and those its record implies."""
    implied = {
        "validation": route.body or route.query or route.idempotent,
        "not-found": route.parameters,
        "unauthorized": route.token,
        "body-too-large": route.body or route.raw,
        "unsupported-media-type": route.body or route.raw,
        "forbidden": route.method != "GET" and route.kind == "customer",
        "idempotency-mismatch": route.idempotent,
        "idempotency-in-flight": route.idempotent,
    }
    slugs = {*route.problems, *_ALWAYS, *(slug for slug, applies in implied.items() if applies)}
    return [slug for slug in CATALOGUE if slug in slugs]


def statuses_of(route: Route) -> set[int]:
    """Every status that this route is known to answer."""
    return {*route.answers, *(CATALOGUE[slug].status for slug in problems_of(route))}


def _responses(route: Route, refs: Mapping[Key, Schema]) -> Schema:
    responses = {str(status): _answer(status, answer, refs) for status, answer in route.answers.items()}
    by_status: dict[int, list[str]] = {}
    for slug in problems_of(route):
        by_status.setdefault(CATALOGUE[slug].status, []).append(slug)
    for status, slugs in by_status.items():
        responses.setdefault(str(status), _problem(slugs))
    return dict(sorted(responses.items()))


def _answer(status: int, answer: Answer, refs: Mapping[Key, Schema]) -> Schema:
    response: Schema = {"description": HTTPStatus(status).phrase}
    if isinstance(answer, str):
        response["content"] = {answer: {}}
    elif answer is not None:
        response["content"] = {"application/json": {"schema": refs[answer, "serialization"]}}
    return response


def _problem(slugs: list[str]) -> Schema:
    response: Schema = {
        "description": "; ".join(f"`{slug}`: {CATALOGUE[slug].title}" for slug in slugs),
        "content": {problems.CONTENT_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}},
    }
    if any(CATALOGUE[slug].retry_after for slug in slugs):
        response["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
    return response
