"""Each Python package says in a docstring what belongs there."""

import ast
from pathlib import PurePosixPath

import pytest

from tests.docs.pages import read, tracked

PACKAGES = [path for path in tracked() if PurePosixPath(path).name == "__init__.py"]


@pytest.mark.parametrize("path", PACKAGES)
def test_a_package_says_in_two_sentences_what_belongs_there(path: str) -> None:
    said = ast.get_docstring(ast.parse(read(path))) or ""
    lines = [line for line in said.splitlines() if line]
    assert 2 <= len(lines) <= 6
    assert len(said.split()) >= 15


def test_every_folder_with_modules_that_are_imported_is_a_package() -> None:
    """But for tests, which pytest imports by their path, and the folder that would hide the library cdk8s."""
    files = [PurePosixPath(path) for path in tracked() if path.endswith(".py")]
    folders = {str(path.parent) for path in files if path.parts[0] != "tests"} - {".", "cdk8s"}
    assert folders - {str(PurePosixPath(path).parent) for path in PACKAGES} == set()
