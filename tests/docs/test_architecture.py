"""docs/architecture.md against the repository: its tree, its diagrams, and the names in them."""

import ast
import re
from collections import defaultdict
from itertools import pairwise
from pathlib import PurePosixPath

from backend.__main__ import parser
from tests.docs.pages import blocks, read, tracked
from tools.setup import ROOT

PAGE = "docs/architecture.md"
BACKEND = ROOT / "backend"
SQL = "\n".join(path.read_text(encoding="utf-8") for path in sorted((BACKEND / "db" / "migrations").glob("*.sql")))


def diagrams() -> list[str]:
    return [block.text for block in blocks(PAGE) if block.language == "mermaid"]


def diagram(begins: str) -> str:
    """The one in which this stands."""
    (found,) = [text for text in diagrams() if begins in text]
    return found


def arrows(text: str) -> set[tuple[str, str]]:
    """Names at both ends of each arrow of a flowchart; `a & b --> c & d` is four."""
    found = set()
    bare = re.sub(r"\(\[[^\]]*\]\)|\[\([^)]*\)\]|\[\"[^\"]*\"\]", "", text)  # shapes and what is written into them
    for line in bare.splitlines():
        ends = re.split(r"\s*-\.?->(?:\|[^|]*\|)?\s*", line.strip())
        for left, right in pairwise(ends):
            found |= {(one, other) for one in left.split(" & ") for other in right.split(" & ")}
    return found


def imports() -> dict[str, set[str]]:
    """By package of the backend, the other packages that it imports; modules beside them are told as `meet`."""
    packages = {path.parent.name for path in BACKEND.glob("*/__init__.py")}
    found: dict[str, set[str]] = defaultdict(set)
    for path in BACKEND.rglob("*.py"):
        place = path.relative_to(BACKEND).parts
        importer = place[0] if len(place) > 1 else "meet"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("backend."):
                found[importer].add(node.module.split(".")[1])
    return {importer: (imported & packages) - {importer} for importer, imported in found.items()}


def folders(paths: list[str]) -> set[str]:
    """Every folder that files stand in, at any depth."""
    return {str(parent) for path in paths for parent in PurePosixPath(path).parents} - {"."}


def test_the_tree_has_every_folder_and_a_line_for_each() -> None:
    (tree,) = [block.text for block in blocks(PAGE) if not block.about]
    lines = [re.fullmatch(r"(\S+) +(\S.*)", line) for line in tree.splitlines()]
    assert all(lines)
    told = [line[1] for line in lines if line]
    assert told == sorted(told)
    assert set(told) == {each for each in folders(tracked()) if not each.startswith("tests/")}


def test_every_module_of_the_tools_is_told_once() -> None:
    table = read(PAGE).partition("| in | modules |\n|---|---|\n")[2].partition("\n\n")[0]
    told = []
    for line in table.splitlines():
        folder, *modules = re.findall(r"`([\w/]+)`", line)
        told += [f"{folder}/{module}.py" for module in modules]
    there = [path for path in tracked() if re.fullmatch(r"tools/(\w+/)?[a-z]\w*\.py", path)]
    assert sorted(told) == sorted(there)


def test_packages_import_each_other_as_drawn() -> None:
    drawn = arrows(diagram("meet["))
    assert drawn == {(importer, imported) for importer, all_of_it in imports().items() for imported in all_of_it}


def test_processes_are_commands() -> None:
    text = diagram("flowchart LR\n    customer")
    (commands,) = [action.choices for action in parser()._subparsers._group_actions]  # type: ignore[union-attr] # it has some
    assert {name for name in re.findall(r'^ +(\w+)\["', text, re.MULTILINE) if name in (commands or {})} == {
        "serve",
        "worker",
    }
    channels = re.search(r"LISTEN (\w+), (\w+)", text)
    listened = (BACKEND / "features" / "catalogue" / "catalogue.py").read_text(encoding="utf-8")
    assert channels
    assert f'listen(dsn, ["{channels[1]}", "{channels[2]}"])' in listened


def test_modules_in_diagrams_are_there() -> None:
    named = {name for text in diagrams() for name in re.findall(r"[\w/]+\.py\b", text)}
    assert len(named) > 8
    assert [name for name in named if not (BACKEND / name).is_file()] == []


def test_functions_and_kinds_of_events_in_diagrams_are_those_of_the_database() -> None:
    text = "\n".join(diagrams())
    functions = set(re.findall(r"\b\w+_v\d+\b", text))
    assert len(functions) > 3
    assert [name for name in functions if f"CREATE FUNCTION {name}(" not in SQL] == []
    kinds = re.findall(r"\b(order|refund)\.(\w+)\b", diagram("outbox[(outbox)]"))
    assert kinds
    assert [f"{what}.{how}" for what, how in kinds if f"'{what}.{how}'" not in SQL and f"'{what}.' ||" not in SQL] == []


def test_states_of_a_hold_are_those_that_the_table_allows() -> None:
    allowed = re.search(r"state text NOT NULL DEFAULT 'held' CHECK \(state IN \(([^)]*)\)\)", SQL)
    assert allowed
    ends = re.findall(r"^ +(\S+) --> (\w+)", diagram("[*] --> held"), re.MULTILINE)
    assert {end for pair in ends for end in pair} - {"[*]"} == set(re.findall(r"\w+", allowed[1]))


def test_code_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`((?:[\w-]+/)+[\w.-]+|[\w-]+\.(?:py|yaml|json|sql))`", read(PAGE)))
    assert [name for name in named if not any((place / name).exists() for place in (ROOT, BACKEND))] == []
