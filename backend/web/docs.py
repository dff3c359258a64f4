"""The API's documentation page: one HTML page made from the OpenAPI document, with nothing loaded and no script."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from backend.web.openapi import openapi_document
from backend.web.problems import CATALOGUE
from backend.web.routes import Route, Routes, reply

Json = Mapping[str, Any]

_CSS = Path(__file__).with_name("docs.css").read_text(encoding="utf-8")
_CSS_HASH = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()

_UNBOUNDED = 2**53  # a limit that says no more than "as large as the database takes"

# The style is named by its hash, so nothing else that found its way into the page could style or run anything.
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_CSS_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def document_routes(routes: Iterable[Route], title: str, version: str) -> Routes:
    """The document of these routes, and of its own."""
    own = Routes()

    @own.get("/api/openapi.json", answers={200: "application/json"})
    async def openapi(_request: web.Request) -> web.Response:
        """Give the OpenAPI 3.1 document of this API."""
        return reply(document, headers=cached)

    @own.get("/api/docs", answers={200: "text/html"})
    async def docs(_request: web.Request) -> web.Response:
        """Show this documentation."""
        return web.Response(body=page, content_type="text/html", charset="utf-8", headers=cached | policy)

    cached = {"Cache-Control": "no-cache"}
    policy = {"Content-Security-Policy": _POLICY}
    content = openapi_document([*routes, *own], title, version)
    document = orjson.dumps(content)
    page = docs_page(content).encode()
    return own


def docs_page(document: Json) -> str:
    """The page as HTML."""
    title = escape(document["info"]["title"])
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    operations.sort(key=lambda entry: entry[2]["tags"][0])
    schemas = document["components"]["schemas"]
    sections = [
        f"<h2>{escape(tag)}</h2>" + "".join(_operation(*entry, schemas) for entry in entries)
        for tag, entries in groupby(operations, key=lambda entry: entry[2]["tags"][0])
    ]
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_CSS}</style>
<body>
<h1>{title}</h1>
<p class="says">Version {escape(document["info"]["version"])}.
The same as <a href="/api/openapi.json">OpenAPI {document["openapi"]}</a>.</p>
<nav aria-label="Operations"><ul>{"".join(map(_link, operations))}</ul></nav>
{"".join(sections)}
<h2>Problems</h2>
{_problem_table()}
</body>
</html>"""


def _link(entry: tuple[str, str, Json]) -> str:
    path, method, operation = entry
    return f'<li><a href="#{_anchor(operation)}"><code>{method.upper()} {escape(path)}</code></a></li>'


def _anchor(operation: Json) -> str:
    return escape(operation["operationId"])


def _operation(path: str, method: str, operation: Json, schemas: Json) -> str:
    parts = [f"<p>{escape(text)}</p>" for text in operation.get("description", "").split("\n\n") if text]
    if operation["parameters"]:
        rows = [
            (parameter["name"], parameter["in"], _type(parameter["schema"]), parameter["required"])
            for parameter in operation["parameters"]
        ]
        parts.append("<h3>Parameters</h3>" + _table(("Name", "In", "Type", "Required"), map(_with_yes, rows)))
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body:
        parts.append("<h3>Body</h3>" + _fields(body, schemas))
    parts += [_response(status, response, schemas) for status, response in operation["responses"].items()]
    # The id stands inside, as a browser opens what is closed only to show something in it.
    return f"""<details>
<summary><span class="method">{method.upper()}</span><span class="path">{escape(path)}</span>
<span class="says">{escape(operation["summary"])}</span></summary>
<div class="inside" id="{_anchor(operation)}">{"".join(parts)}</div></details>"""


def _with_yes(row: tuple[object, ...]) -> tuple[str, ...]:
    """The last cell says whether, in words."""
    *cells, required = row
    return (*map(str, cells), "yes" if required else "no")


def _response(status: str, response: Json, schemas: Json) -> str:
    heading = f"<h3>{status} {escape(response['description'])}</h3>"
    content = response.get("content", {}).get("application/json", {}).get("schema")
    return heading + (_fields(content, schemas) if content else "")


def _fields(schema: Json, schemas: Json) -> str:
    """The fields of an object, those of the objects inside it below."""
    rows = list(_rows(schema, schemas, "", ()))
    return _table(("Field", "Type", "Required"), rows) if rows else f"<p><code>{escape(_type(schema))}</code></p>"


def _rows(schema: Json, schemas: Json, prefix: str, seen: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    name = _reference(schema)
    if name in seen:
        return
    target = schemas[name] if name else schema
    for field, part in target.get("properties", {}).items():
        yield _with_yes((prefix + field, _type(part), field in target.get("required", ())))
        inner = next(
            (option for option in (part, *part.get("anyOf", ()), part.get("items", {})) if _reference(option)), None
        )
        if inner:
            yield from _rows(inner, schemas, f"{prefix}{field}.", (*seen, name))


def _reference(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _type(schema: Json) -> str:
    """A schema in a few words: `integer, 1 to 10`."""
    if options := schema.get("anyOf"):
        return " or ".join(map(_type, options))
    if values := schema.get("enum"):
        return " | ".join(map(str, values))
    if "const" in schema:
        return str(schema["const"])
    if name := _reference(schema):
        return name
    kind = str(schema.get("format") or schema.get("type", "any"))
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return kind + _range(schema)


def _range(schema: Json) -> str:
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    if high is None or high >= _UNBOUNDED:
        return "" if low is None else f", at least {low}"
    return f", at most {high}" if low is None else f", {low} to {high}"


def _problem_table() -> str:
    rows = [(slug, str(kind.status), kind.title) for slug, kind in CATALOGUE.items()]
    return _table(("Type", "Status", "Title"), rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    lines = "".join(
        "<tr>" + "".join(f"<td>{_cell(number, text)}</td>" for number, text in enumerate(row)) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(column: int, text: str) -> str:
    return f"<code>{escape(text)}</code>" if column == 0 else escape(text)
