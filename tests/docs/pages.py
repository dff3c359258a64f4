"""The pages for people, as text: their code blocks, links and headings."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.setup import ROOT

_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """page: its path. about: what stands behind the backticks, as `sh runnable` or `diff file=slo.yaml`."""

    page: str
    about: str
    text: str

    @property
    def language(self) -> str:
        return self.about.partition(" ")[0]

    @property
    def file(self) -> str | None:
        """Which file it is, or changes."""
        found = re.search(r"\bfile=(\S+)", self.about)
        return found[1] if found else None

    @property
    def runnable(self) -> bool:
        return self.about == "sh runnable"


def tracked() -> list[str]:
    """What git keeps and is there."""
    ask = ["git", "ls-files", "-z"]
    listed = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(path for path in listed if path and (ROOT / path).is_file())


def pages() -> list[str]:
    """Templates are left out: their links are those of the page that is made of them."""
    return [path for path in tracked() if path.endswith(".md") and not path.startswith("slo/templates/")]


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, text: str | None = None) -> list[Block]:
    """text: of the page, or of a part of it."""
    return [Block(page, *found) for found in _BLOCK.findall(read(page) if text is None else text)]


def sections(page: str) -> dict[str, str]:
    """Heading to text, of the second level."""
    parts = re.split(r"^## (.+)$", read(page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def prose(page: str) -> str:
    """The page without its code blocks."""
    return _BLOCK.sub("", read(page))


def anchors(page: str) -> set[str]:
    """What a link may name behind #, as GitHub makes it of headings."""
    headings = re.findall(r"^#{1,6} (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", _shown(heading)).lower().replace(" ", "-") for heading in headings}


def links(page: str) -> Iterator[str]:
    """Addresses of links and pictures, those to other sites left out."""
    for address in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not re.match(r"[a-z]+:", address):
            yield address


def at(page: str, link: str) -> Path:
    """The file or folder that a link without its anchor leads to."""
    return ((ROOT / page).parent / link).resolve()


def _shown(heading: str) -> str:
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip()
