"""SQL lives in .sql files beside the feature; here it becomes strings.

queries.sql holds blocks, each headed by its name:

    -- name: list_events
    SELECT id, name FROM event ORDER BY starts_at LIMIT %(limit)s

Parameters are %(name)s; beside them a literal percent sign is %%. Lines that are only a comment are not sent.
"""

from __future__ import annotations

import re
from importlib.resources import files

_HEADING = re.compile(r"^-- name:(.*)$", re.MULTILINE)


class Queries:
    """The blocks of one file as attributes: `queries.list_events`. AttributeError names the file and what it has."""

    def __init__(self, source: str, blocks: dict[str, str]) -> None:
        self._source = source
        vars(self).update(blocks)

    def __getattr__(self, name: str) -> str:
        known = ", ".join(sorted(vars(self).keys() - {"_source"}))
        raise AttributeError(f"{self._source} has no block {name!r}; it has: {known}")


def load_queries(package: str) -> Queries:
    """The blocks of the package's queries.sql. ValueError names the file and the block that is wrong."""
    source = f"{package}/queries.sql"
    preamble, *parts = _HEADING.split(_read(package, "queries.sql"))
    if _without_comments(preamble):
        raise ValueError(f"{source}: SQL before the first '-- name:' line")
    blocks: dict[str, str] = {}
    for name, body in zip((heading.strip() for heading in parts[::2]), parts[1::2], strict=True):
        blocks[_checked(name, body, blocks, source)] = f"/* {name} */ {_without_comments(body)}"
    return Queries(source, blocks)


def load_sql(package: str, file: str) -> str:
    """One statement that has a file of its own."""
    return _without_comments(_read(package, file))


def _checked(name: str, body: str, blocks: dict[str, str], source: str) -> str:
    if not name.isidentifier() or name.startswith("_"):
        raise ValueError(f"{source}: {name!r} is no name for a block")
    if name in blocks:
        raise ValueError(f"{source}: block {name!r} stands there twice")
    if not _without_comments(body):
        raise ValueError(f"{source}: block {name!r} is empty")
    return name


def _read(package: str, file: str) -> str:
    return (files(package) / file).read_text(encoding="utf-8")


def _without_comments(text: str) -> str:
    """Comments speak to the reader; sent, a % in one of them would be taken for a parameter."""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--")).strip()
