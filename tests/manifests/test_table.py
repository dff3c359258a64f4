"""docs/kubernetes.md says which test holds what: each of them is there, and so is each mistake."""

import ast
import re
from functools import cache
from pathlib import Path

from tests.manifests.mistakes import SCHEMAS
from tests.manifests.mistakes_running import MEANING
from tools.setup import ROOT

TABLE = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8").partition("## What holds it\n")[2]
NAMED = re.compile(r"`(?:(tests/\S+\.py)::)?(test_\w+)(?:\[([\w-]+)\])?`")
HERE = Path(__file__).parent
MISTAKES = {
    "test_a_mistake_is_found": MEANING,
    "test_mistakes_that_a_strict_cluster_refuses_are_found": SCHEMAS,
}


@cache
def defined(*files: Path) -> frozenset[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = [each for file in files for each in ast.parse(file.read_text(encoding="utf-8")).body]
    return frozenset(each.name for each in bodies if isinstance(each, functions))


def test_every_test_of_the_table_is_there() -> None:
    found = NAMED.findall(TABLE)
    assert len(found) > 80
    ours = defined(*sorted(HERE.glob("test_*.py")))
    assert [name for file, name, _ in found if name not in (defined(ROOT / file) if file else ours)] == []


def test_every_mistake_of_the_table_is_made() -> None:
    made = {name: {each.name.replace(" ", "-") for each in mistakes} for name, mistakes in MISTAKES.items()}
    assert [(name, mistake) for _, name, mistake in NAMED.findall(TABLE) if mistake and mistake not in made[name]] == []


def test_every_row_of_the_table_names_what_holds_it() -> None:
    rows = [line for line in TABLE.splitlines() if line.startswith("| ") and not line.startswith(("| **", "| item"))]
    assert len(rows) > 40
    assert [row for row in rows if not NAMED.search(row) and "`make lint`" not in row] == []
