"""From the bytes of a request to a checked model, or to a problem that names each field and what was expected."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails
from pydantic_core.core_schema import no_info_after_validator_function

from backend.domain.addresses import mail_address
from backend.web.idempotency import HEADER
from backend.web.problems import Problem

BODY_LIMIT = 64 * 1024
BODY_CAME = web.RequestKey("body_came", float)  # perf_counter's time, where the client was waited for

Model = TypeVar("Model", bound=BaseModel)


class Body(BaseModel):
    """A JSON body: unknown fields are refused, and nothing is converted ("2" is no number)."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Form:
    """Text of this pattern: `Annotated[str, Form(r"[A-Z]{3}", "a currency")]`.

    Whoever sends something else reads what was expected, which nobody can see in a regular expression.
    """

    pattern: str
    expected: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        matches = re.compile(self.pattern).fullmatch

        def check(text: str) -> str:
            if matches(text) is None:
                raise ValueError(f"Must be {self.expected}")
            return text

        return no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^{self.pattern}$"}


def _spelled_once(text: str) -> str:
    return mail_address(text).addr_spec


# As mail servers write it, so that one customer is known by one address and limits count for all ways to spell it.
EmailAddress = Annotated[
    str, AfterValidator(_spelled_once), Field(max_length=254, json_schema_extra={"format": "email"})
]


def _spelled_out(value: object) -> object:
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("Must be a date such as 2027-03-31")
    return value


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# Of a bare number pydantic would make the seconds since 1970.
Day = Annotated[date, BeforeValidator(_spelled_out)]


class Query(BaseModel):
    """Query parameters: unknown ones are refused; numbers, dates and the like are read from their text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def read_body(request: web.Request, model: type[Model], limit: int = BODY_LIMIT) -> Model:
    """The body as this model; an absent body counts as {}. Whatever its declared type, JSON is taken as JSON."""
    raw = await read_raw(request, limit)
    # PostgreSQL's text cannot hold NUL, so it is refused here, where the client can be told.
    if b"\\u0000" in raw:
        raise Problem("validation", "The body contains a NUL character.")
    try:
        return model.model_validate_json(raw or b"{}", strict=True)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        raise Problem(*_not_json(request, details[0]))
    raise invalid(details, "body")


async def read_raw(request: web.Request, limit: int = BODY_LIMIT) -> bytes:
    """The body as it was sent; Problem `body-too-large` beyond `limit` bytes, before reading where its head says so.

    A packed one is refused: 60 kB can hold 60 MB, and all customers would wait while they are unpacked.
    """
    if "Content-Encoding" in request.headers:
        raise Problem("unsupported-media-type", "The body was sent packed; send it without Content-Encoding.")
    if request.content_length is not None and request.content_length > limit:
        raise Problem("body-too-large", f"At most {limit} bytes are accepted.")
    content = request.content
    # A small body has come with its head: then aiohttp's reading, which waits for what may follow, is spared. But that
    # one remembers the body, which is read again when there is a key.
    at_hand = content.is_eof() and HEADER not in request.headers
    waits = not content.is_eof()
    raw = content.read_nowait() if at_hand else await request.read()
    if waits:
        request[BODY_CAME] = perf_counter()
    if len(raw) > limit:
        raise Problem("body-too-large", f"At most {limit} bytes are accepted.")
    return raw


def read_query(request: web.Request, model: type[Model]) -> Model:
    """The query parameters as this model."""
    query = request.rel_url.query
    values = dict(query)
    if len(values) != len(query):
        raise Problem("validation", "A query parameter stands twice.")
    if any("\0" in value for value in values.values()):
        raise Problem("validation", "A query parameter contains a NUL character.")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_input=False), "query") from None


def _not_json(request: web.Request, detail: ErrorDetails) -> tuple[str, str]:
    """What to say about a body that is no JSON: that it should have been, or where it breaks."""
    declared = request.content_type
    if "Content-Type" in request.headers and declared != "application/json" and not declared.endswith("+json"):
        return "unsupported-media-type", f"The body was sent as {declared} and is no JSON."
    return "validation", detail["msg"]


_EXPECTED = {
    "missing": "a value",
    "extra_forbidden": "no field of this name",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "less_than": "less than {lt}",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} items",
    "too_long": "at most {max_length} items",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "model_type": "an object",
    "uuid_type": "a UUID",
    "uuid_parsing": "a UUID",
}


def invalid(details: Sequence[ErrorDetails], place: str) -> Problem:
    """A problem that lists each fault. place: what to call the whole when no field is to blame."""
    errors = [_fault(detail, place) for detail in details]
    fields = ", ".join(dict.fromkeys(error["field"] for error in errors))
    return Problem("validation", f"Not valid: {fields}.", errors=errors)


def _fault(detail: ErrorDetails, place: str) -> dict[str, str]:
    """One fault; what the client sent is not repeated."""
    message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "Must be")
    context: Mapping[str, Any] = detail.get("ctx", {})
    expected = _EXPECTED.get(detail["type"], message.removeprefix("Must be ")).format_map(context)
    return {"field": ".".join(map(str, detail["loc"])) or place, "message": message, "expected": expected}
