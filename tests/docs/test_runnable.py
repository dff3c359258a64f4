"""Blocks that pages mark as `sh runnable` are run, in one copy of the repository; docs/develop.md has its own."""

import pytest

from tests.docs.copies import Copy
from tests.docs.pages import Block, blocks, pages

OTHERS = [page for page in pages() if page != "docs/develop.md"]
RUNNABLE = [block for page in OTHERS for block in blocks(page) if block.runnable]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("copy"))


@pytest.mark.parametrize("block", RUNNABLE, ids=lambda block: f"{block.page}: {block.text.splitlines()[0]}")
def test_a_block_that_is_marked_runs(copy: Copy, block: Block) -> None:
    assert copy.run(block.text)


def test_marks_are_spelt_as_they_are_read() -> None:
    """Else a block would be taken for one that nobody runs."""
    marks = {block.about for page in pages() for block in blocks(page) if "run" in block.about}
    assert marks == {"sh runnable"}
