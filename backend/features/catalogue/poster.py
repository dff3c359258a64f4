"""Posters: drawn from what is known of an event, always the same for the same event, as SVG that stands alone.

All posters of the season share a sheet of 800 by 1000: a drawing above, the title below it on the ground, date and
place in a line at the foot. Pattern and colours follow from the event's number, so neighbours in the list differ.
"""

from __future__ import annotations

import unicodedata
from random import Random
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from backend.features.catalogue.patterns import PATTERNS, SIDE, Palette
from backend.features.catalogue.store import Event

WIDTH, HEIGHT = SIDE, 1000
_PICTURE = 640  # where the drawing ends and the words begin
_MARGIN = 52
_ROOM = WIDTH - 2 * _MARGIN
_SIZES = (96, 84, 74, 64, 56, 48, 42)
_TITLE_ROOM = HEIGHT - _PICTURE - 44 - 110
_LINES = 3
_INK, _FAINT = "#ffffff", "#e6e1d6"
_FONT = "'Avenir Next','Helvetica Neue','Segoe UI',Roboto,'Noto Sans','Liberation Sans',Arial,sans-serif"

_PALETTES = (
    Palette("#16324f", "#24507a", "#8fb8d6", "#f2a541"),
    Palette("#3a1f3d", "#5e3562", "#caa6cf", "#f25f5c"),
    Palette("#12372a", "#1f5b45", "#9ccbb0", "#ffc857"),
    Palette("#4a1c1a", "#7b2f2a", "#e3b8a6", "#f4d35e"),
    Palette("#1b2340", "#323d70", "#a9b3e0", "#ff8360"),
    Palette("#0f3b3f", "#1c6267", "#9fd0cf", "#f78764"),
    Palette("#2e2a25", "#544c42", "#cdbfa9", "#e4572e"),
    Palette("#273043", "#465674", "#b7c3d9", "#d7f171"),
    Palette("#451c35", "#742f58", "#e0b0cb", "#7fd1b9"),
)


def draw_poster(event: Event) -> str:
    """The poster as an SVG document, without scripts, styles or anything from elsewhere."""
    colours = _PALETTES[event.id % len(_PALETTES)]
    pattern = PATTERNS[event.id % len(PATTERNS)]
    name = _clean(event.name)
    drawing = "".join(pattern(colours, Random(f"{event.id} {name}")))  # noqa: S311 - a picture, no secret
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="{_FONT}">'
        f"<title>{escape(name)}</title>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours.ground}"/>'
        f'<svg width="{WIDTH}" height="{_PICTURE}" viewBox="0 {(SIDE - _PICTURE) // 2} {SIDE} {_PICTURE}">'
        f"{drawing}</svg>"
        f'<rect y="{_PICTURE}" width="{WIDTH}" height="6" fill="{colours.accent}"/>'
        f"{_title(name)}{_foot(event, colours)}</svg>"
    )


def _title(name: str) -> str:
    size, lines = _set(name)
    top = _PICTURE + 44 + size * 0.76
    spans = "".join(
        f'<tspan x="{_MARGIN}" y="{top + number * size * 1.06:.0f}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return f'<text fill="{_INK}" font-size="{size}" font-weight="700">{spans}</text>'


def _foot(event: Event, colours: Palette) -> str:
    at = event.starts_at.astimezone(ZoneInfo(event.timezone))
    date = f"{at.day} {at:%b %Y}"
    place = escape(_cut(_clean(f"{event.venue}, {event.city}"), 27, _ROOM - _width(date, 34) - 30))
    line = HEIGHT - 48
    return (
        f'<text x="{_MARGIN}" y="{line}" fill="{colours.accent}" font-size="34" font-weight="700">{date}</text>'
        f'<text x="{WIDTH - _MARGIN}" y="{line}" fill="{_FAINT}" font-size="30" text-anchor="end">{place}</text>'
    )


def _set(name: str) -> tuple[int, list[str]]:
    """The title's size and lines: as large as its room allows, shortened when even the smallest size is too large."""
    for size in _SIZES:
        lines = _wrapped(name, size)
        if len(lines) <= _LINES and len(lines) * size * 1.06 <= _TITLE_ROOM:
            return size, lines
    return size, [*lines[: _LINES - 1], _cut(" ".join(lines[_LINES - 1 :]), size, _ROOM)]


def _wrapped(name: str, size: int) -> list[str]:
    lines: list[str] = []
    for word in name.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if not lines or _width(longer, size) > _ROOM:
            lines += _pieces(word, size)
        else:
            lines[-1] = longer
    return lines


def _pieces(word: str, size: int) -> list[str]:
    """A word that is wider than the sheet, in pieces that are not."""
    pieces = [""]
    for character in word:
        if pieces[-1] and _width(pieces[-1] + character, size) > _ROOM:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _cut(text: str, size: int, room: float) -> str:
    if _width(text, size) <= room:
        return text
    while text and _width(text + "…", size) > room:
        text = text[:-1].rstrip()
    return text + "…"


def _width(text: str, size: float) -> float:
    """How wide it is set in bold, in the widest of the typefaces that readers may have."""
    return size * sum(_em(character) for character in text)


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 1.05
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0.0
    if character in " .,:;!|'il-jI()[]ftr":
        return 0.45
    if character in "mwMW@%—&":
        return 1.06
    return 0.8 if character.isupper() else 0.69


def _clean(text: str) -> str:
    """On one line, of characters that XML can hold."""
    line = " ".join(text.split())
    return "".join(each for each in line if each >= " " and unicodedata.category(each) not in {"Cc", "Cs", "Cn"})
