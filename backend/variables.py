"""The list of environment variables, docs/settings.md: from the types, defaults and words at the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from backend.psp.options import VARIABLES
from backend.settings import FACING_CUSTOMERS, LIMITS, Settings

_Row = tuple[str, str, str]

# Each section from the setting on that begins it.
_SECTIONS = {
    "environment": "The process",
    "database_url": "The database",
    "hold_seconds": "Selling",
    "payment_provider": "Payments",
    "mail_from": "Letters and events",
    "prometheus_url": "Watching",
    "log_level": "Logs",
}
_INTRODUCTION = """# Settings

All of them are environment variables, read once when a process starts. `serve`, `worker` and the other commands of
`python -m backend` read the same ones; a wrong one is named, with what was expected, and nothing starts. An empty
variable counts as unset. This page is made by `python -m backend settings`.
"""
_PROVIDER = """
## The test payment provider

`python -m backend psp` is a process of its own and reads these, and `ENVIRONMENT`, which must be `local`, `dev` or
`test`. While it runs, some can be changed with `PUT /v1/control`.
"""
_FILES = """
## Beside these

`SLO_FILE` names another promise than `slo.yaml`. `make up` takes `PORT`, `DATA_DIR` and `DATABASE_URL`, sets what a
shop of this machine alone needs, and passes every other variable on.
"""


def settings_page() -> str:
    """Markdown: a table for each part of the shop."""
    text = _INTRODUCTION
    rows: list[_Row] = []
    for name, schema in Settings.model_json_schema()["properties"].items():
        if name in _SECTIONS:
            text += _table(rows) + f"\n## {_SECTIONS[name]}\n"
            rows = []
        rows.append((name.upper(), _default(name, schema), _meaning(schema)))
    provider = [(name, _code(default), meaning) for name, (default, meaning) in VARIABLES.items()]
    return text + _table(rows) + _PROVIDER + _table(provider) + _FILES


def _table(rows: Iterable[_Row]) -> str:
    lines = [f"| `{name}` | {default} | {meaning} |" for name, default, meaning in rows]
    return "\n".join(["", "| variable | default | meaning |", "|---|---|---|", *lines, ""]) if lines else ""


def _default(name: str, schema: Mapping[str, Any]) -> str:
    if Settings.model_fields[name].is_required():
        return _code("required")
    default = schema["default"]
    text = {True: "on", False: "off"}[default] if isinstance(default, bool) else str(default or "")
    if isinstance(default, int | float) and not isinstance(default, bool):
        text = f"{default:g}"
    if name in LIMITS:
        return f"{_code(text)}; in {' and '.join(map(_code, FACING_CUSTOMERS))} {_code(str(LIMITS[name]))}"
    return _code(text)


def _code(value: str) -> str:
    return value if value in {"", "required"} else f"`{value}`"


def _meaning(schema: Mapping[str, Any]) -> str:
    """What is said of it, and the values it may have where they can be told in short."""
    said = str(schema.get("description", ""))
    if "enum" in schema:
        return f"{said} One of {', '.join(map(_code, schema['enum']))}."
    if schema.get("type") == "boolean":
        return f"{said} `on` or `off`."
    if "maximum" in schema:
        return f"{said} {schema['minimum']:,} to {schema['maximum']:,}."
    return said
