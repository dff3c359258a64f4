"""Text on paper: which characters can be printed, and how a long name is made to fit.

The typeface is DejaVu Sans Condensed: Latin with all its accents, Greek, Cyrillic, Armenian, Georgian, Hebrew and
Arabic letters, symbols. Hebrew and Arabic are set letter by letter, without joining or reordering; Chinese, Japanese,
Korean and emoji are not in it and appear as an empty box each, so that a name never turns into another one unseen.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "DejaVuSansCondensed"
BOLD = "DejaVuSansCondensed-Bold"
_MISSING = "\N{WHITE SQUARE}"
_ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_FOLDER = Path(__file__).parent / "fonts"
_loading = Lock()


def load_fonts() -> None:
    """Register both weights with reportlab, once; it takes a tenth of a second."""
    with _loading:
        known = pdfmetrics.getRegisteredFontNames()
        for name in (REGULAR, BOLD):
            if name not in known:
                pdfmetrics.registerFont(TTFont(name, str(_FOLDER / f"{name}.ttf")))


def printable(text: str) -> str:
    """The text with only characters that the typeface has."""
    spaced = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(_printed(character) for character in spaced)


@cache
def _printed(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cc", "Cf"}:  # controls and joiners, which show nothing and may turn the line around
        return ""
    if all(ord(character) in pdfmetrics.getFont(font).face.charToGlyph for font in (REGULAR, BOLD)):
        return character
    return "" if category in {"Mn", "Me"} else _MISSING  # a mark that is missing leaves its letter


@dataclass(frozen=True, slots=True)
class Style:
    """How text is set: sizes in points from the preferred to the smallest, how many lines at most, a shade of grey."""

    font: str
    sizes: tuple[float, ...]
    lines: int = 1
    grey: float = 0.08


def width(text: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size))


def fit(text: str, style: Style, room: float) -> tuple[float, list[str]]:
    """The largest size at which the text, made printable, takes no more than the style's lines, and those lines.

    When none is small enough, the last line ends in an ellipsis.
    """
    text = printable(text)
    for size in style.sizes:
        lines = _wrapped(text, style.font, size, room)
        if len(lines) <= style.lines:
            return size, lines
    kept, overflow = lines[: style.lines - 1], lines[style.lines - 1 :]
    return size, [*kept, _cut(" ".join(overflow), style.font, size, room)]


def _wrapped(text: str, font: str, size: float, room: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, font, size) <= room:
            lines[-1] = longer
            continue
        *full, rest = _pieces(word, font, size, room)
        lines = [line for line in (*lines, *full) if line] + [rest]
    return lines


def _pieces(word: str, font: str, size: float, room: float) -> list[str]:
    """A word that is wider than the line, in pieces that are not."""
    pieces = [""]
    for character in word:
        if pieces[-1] and width(pieces[-1] + character, font, size) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _cut(text: str, font: str, size: float, room: float) -> str:
    while text and width(text + _ELLIPSIS, font, size) > room:
        text = text[:-1].rstrip()
    return text + _ELLIPSIS
