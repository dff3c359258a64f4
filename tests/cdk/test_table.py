"""docs/deploy-tests.md says which test holds what: the tests are there, and nothing of a template is missing."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cdk import names
from tests.cdk.assembly import Assembly
from tools.setup import ROOT

PAGE = ROOT / "docs" / "deploy-tests.md"
SECTION = re.compile(r"^## ([^\n]+): `(\S+\.py)`\n(.+?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`(?:(\S+\.py)::)?(test_\w+)`")
TYPE = re.compile(r"`((?:Custom::|\w+::)[\w-]+)`")


def sections() -> dict[str, tuple[str, str]]:
    """The file of each heading, and the text under it."""
    return {title: (file, text) for title, file, text in SECTION.findall(PAGE.read_text())}


def named_tests() -> Iterator[tuple[str, str]]:
    for home, text in sections().values():
        for file, name in NAMED.findall(text):
            yield file or home, name


@cache
def defined(file: Path) -> frozenset[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(each.name for each in ast.parse(file.read_text()).body if isinstance(each, functions))


def test_every_test_that_the_page_names_is_there() -> None:
    named = list(named_tests())
    assert len(named) > 100
    assert [f"{file}::{name}" for file, name in named if name not in defined(ROOT / file)] == []


def test_every_row_of_the_page_names_a_test() -> None:
    assert {each.title() for each in names.Stack} < set(sections())
    for title, (_, text) in sections().items():
        rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
        assert rows, title
        assert [row for row in rows if not NAMED.search(row)] == []


@pytest.mark.parametrize("which", list(names.Stack), ids=str)
def test_every_resource_of_a_stack_has_its_row_and_every_row_its_resource(
    dev: Assembly, prod: Assembly, which: names.Stack
) -> None:
    made = {each.type.removeprefix("AWS::") for env in (dev, prod) for each in env[which].all()}
    assert set(TYPE.findall(sections()[which.title()][1])) == made


@pytest.mark.parametrize("which", list(names.Stack), ids=str)
def test_every_test_of_a_stack_is_on_the_page(which: names.Stack) -> None:
    home, _ = sections()[which.title()]
    tests = {name for name in defined(ROOT / home) if name.startswith("test_")}
    assert tests - {name for file, name in named_tests() if file == home} == set()
