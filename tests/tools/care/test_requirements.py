import re

import pytest

from tools.setup import ROOT

FILES = ["requirements.txt", "backend/requirements.txt"]
LOCK = "requirements.lock"


def pins(path: str) -> set[str]:
    """name==version of each line, as package indexes compare them: lower case, dashes, no extras or markers."""
    lines = (line.split("#")[0].split(";")[0].strip() for line in (ROOT / path).read_text().splitlines())
    return {re.sub(r"[-_.]+(?=.*==)", "-", re.sub(r"\[.*\]", "", line)).lower() for line in lines if "==" in line}


@pytest.mark.parametrize("path", FILES)
def test_every_requirement_is_pinned_and_locked_at_the_same_version(path: str) -> None:
    assert pins(path) - pins(LOCK) == set(), f"regenerate {LOCK}: how stands in requirements.txt"


@pytest.mark.parametrize("path", FILES)
def test_every_requirement_is_exact(path: str) -> None:
    lines = [line for line in (ROOT / path).read_text().splitlines() if line and line[0] not in "#-"]
    assert [line for line in lines if not re.fullmatch(r"[\w.\[\],-]+==[\w.]+", line)] == []


@pytest.mark.parametrize(
    "path", [*FILES, LOCK, "frontend/package-lock.json", "frontend/.npmrc", "tools/cdk8s-cli/package-lock.json"]
)
def test_no_file_sends_people_to_a_package_index_of_ours(path: str) -> None:
    hosts = set(re.findall(r"https?://([\w.-]+)", (ROOT / path).read_text()))
    assert {host for host in hosts if re.search("registry|pypi|index|artifact|nexus", host)} <= {"registry.npmjs.org"}
