import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.db.queries import load_queries, load_sql

Write = Callable[[str], str]

TWO_BLOCKS = """-- What the list shows.

-- name: list_events
-- 100 % of them: a comment must not be taken for a parameter.
SELECT id FROM event
  -- withdrawn ones are few
WHERE id > %(after)s -- a comment behind code stays

-- name: one_event
SELECT 1
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Make a package with this queries.sql and return its name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(text: str) -> str:
        folder = tmp_path / "shop_of_queries"
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "queries.sql").write_text(text)
        monkeypatch.delitem(sys.modules, "shop_of_queries", raising=False)
        return "shop_of_queries"

    return write


def test_each_block_is_an_attribute_headed_by_its_name(package: Write) -> None:
    queries = load_queries(package(TWO_BLOCKS))
    assert queries.one_event == "/* one_event */ SELECT 1"
    assert queries.list_events == (
        "/* list_events */ SELECT id FROM event\nWHERE id > %(after)s -- a comment behind code stays"
    )


def test_a_missing_block_names_the_file_and_what_it_has(package: Write) -> None:
    queries = load_queries(package(TWO_BLOCKS))
    with pytest.raises(AttributeError, match=r"shop_of_queries/queries\.sql .*'orders'.*: list_events, one_event"):
        _ = queries.orders


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- name: one\nSELECT 1\n-- name: one\nSELECT 2", "'one' stands there twice"),
        ("-- name: one\n-- nothing\n\n-- name: two\nSELECT 2", "'one' is empty"),
        ("-- name: one thing\nSELECT 1", "'one thing' is no name"),
        ("-- name: __class__\nSELECT 1", "'__class__' is no name"),
        ("SELECT 1\n-- name: one\nSELECT 1", "SQL before the first"),
    ],
)
def test_a_wrong_file_is_refused_by_name_and_block(package: Write, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"shop_of_queries/queries\.sql: .*{message}"):
        load_queries(package(text))


def test_a_statement_may_have_a_file_of_its_own(package: Write) -> None:
    assert load_sql(package("-- Why\nSELECT 'ab' LIKE 'a%'\n"), "queries.sql") == "SELECT 'ab' LIKE 'a%'"
