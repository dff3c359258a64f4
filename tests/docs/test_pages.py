"""Every page for people: links lead somewhere, and commands and files that it names are there."""

import importlib.util
import json
import re
import shlex
from functools import cache

import pytest

from backend.__main__ import parser
from tests.docs.pages import anchors, at, blocks, links, pages, read, tracked
from tools.setup import ROOT

PAGES = pages()
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = frozenset(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
# What a page shows as code in a line of text, or line by line in a block.
CODE = re.compile(r"`([^`\n]+)`|^(?: {4}|)(?:\$ )?((?:make|python|\. \.venv)\b[^\n]*)$", re.MULTILINE)
PATH = re.compile(
    r"(?:\.github|\.vscode|\.devcontainer|backend|cdk|cdk8s|docs|frontend|loadtests|slo|tests|tools)/"
    r"[\w./-]*[\w/](?=$|[\s:,;)])"
)
# Made by a command, or on another machine, so that git does not keep them.
MADE = ("frontend/node_modules", "frontend/dist")


def code(page: str) -> list[str]:
    """Pieces of code, those of examples left out: what these name is yet to be made."""
    text = read(page)
    for block in blocks(page):
        if block.file:
            text = text.replace(block.text, "")
    return [inline or line for inline, line in CODE.findall(text)]


def words(text: str) -> list[str]:
    """As a shell reads them; what it could not read, by its spaces."""
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        return text.split()


@cache
def scripts() -> frozenset[str]:
    return frozenset(json.loads((ROOT / "frontend" / "package.json").read_text(encoding="utf-8"))["scripts"])


@cache
def subcommands() -> frozenset[str]:
    (commands,) = [action.choices for action in parser()._subparsers._group_actions]  # type: ignore[union-attr] # it has some
    return frozenset(commands or {})


def named(pattern: str) -> list[tuple[str, str]]:
    """What code names in each page, by a pattern with one group."""
    return sorted({(page, found) for page in PAGES for each in code(page) for found in re.findall(pattern, each)})


def leads_nowhere(page: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = at(page, path) if path else ROOT / page
    return not target.exists() or (bool(anchor) and anchor not in anchors(str(target.relative_to(ROOT))))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    assert [link for link in links(page) if leads_nowhere(page, link)] == []


def test_make_targets_that_pages_name_are_there() -> None:
    found = named(r"\bmake ([a-z][\w-]*)")
    assert len(found) > 50
    assert [(page, target) for page, target in found if target not in TARGETS] == []


def test_variables_of_make_that_pages_set_are_read_by_something() -> None:
    sources = [path for path in tracked() if path == "Makefile" or (path.startswith("tools/") and path.endswith(".py"))]
    known = set(re.findall(r"\b[A-Z][A-Z_]+\b", "\n".join(map(read, sources))))
    found = [(page, each) for page in PAGES for each in code(page) if each.startswith("make ")]
    assert [(page, each) for page, each in found if not set(re.findall(r"\b([A-Z][A-Z_]+)=", each)) <= known] == []


def test_python_modules_that_pages_run_are_there() -> None:
    found = named(r"python -m ([a-z][\w.]*)")
    assert len(found) > 20
    assert [(page, name) for page, name in found if importlib.util.find_spec(name) is None] == []


def test_commands_of_the_backend_that_pages_name_are_there() -> None:
    found = named(r"python -m backend ([a-z][\w-]*)")
    assert len(found) > 10
    assert [(page, name) for page, name in found if name not in subcommands()] == []


def test_scripts_of_the_page_that_pages_name_are_there() -> None:
    assert [(page, name) for page, name in named(r"npm run ([a-z][\w:-]*)") if name not in scripts()] == []


def test_files_that_pages_name_are_there() -> None:
    found = {(page, word) for page in PAGES for each in code(page) for word in words(each) if PATH.fullmatch(word)}
    assert len(found) > 60
    kept = {*tracked(), *MADE}
    there = {name for _, name in found if name in kept or f"{name}.py" in kept or (ROOT / name).is_dir()}
    assert [(page, name) for page, name in sorted(found) if name not in there] == []
