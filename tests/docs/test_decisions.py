"""docs/adr: numbered without a gap, each with its parts, all of them on the list."""

import re

import pytest

from tests.docs.pages import pages, read

FOLDER = "docs/adr/"
RECORDS = [page for page in pages() if page.startswith(FOLDER) and not page.endswith("README.md")]
PARTS = ["Context", "Decision", "Consequences"]


def title(page: str) -> tuple[int, str]:
    found = re.match(r"# (\d+)\. (.+)\n", read(page))
    assert found, page
    return int(found[1]), found[2]


def test_records_are_numbered_as_they_are_called() -> None:
    numbers = [title(page)[0] for page in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))
    assert numbers == [int(page.removeprefix(FOLDER)[:4]) for page in RECORDS]


def test_the_list_has_every_record_by_its_title() -> None:
    listed = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \|$", read(f"{FOLDER}README.md"), re.MULTILINE)
    assert [(int(number), name, FOLDER + page) for number, name, page in listed] == [
        (*title(page), page) for page in RECORDS
    ]


@pytest.mark.parametrize("page", RECORDS)
def test_a_record_has_its_parts_and_fits_a_page(page: str) -> None:
    text = read(page)
    parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
    assert parts in (PARTS, [*PARTS, "Alternatives"])
    assert len(text.split()) < 500
