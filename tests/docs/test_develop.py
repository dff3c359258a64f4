"""docs/develop.md: each example is made in a copy of the repository, and does what the page says."""

from pathlib import Path

import pytest

from tests.docs.copies import Copy
from tests.docs.pages import blocks, sections

PAGE = "docs/develop.md"
EXAMPLES = ("A route", "A metric", "An objective", "A stack", "A chart")


def test_an_example_is_a_section_with_something_to_run() -> None:
    found = {title: blocks(PAGE, text) for title, text in sections(PAGE).items()}
    assert tuple(title for title, each in found.items() if any(block.runnable for block in each)) == EXAMPLES


@pytest.mark.parametrize("title", EXAMPLES)
def test_an_example_works_as_it_stands(title: str, tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    for block in blocks(PAGE, sections(PAGE)[title]):
        if block.runnable:
            copy.run(block.text)
        else:
            copy.apply(block)
