import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from backend.features.catalogue.poster import draw_poster
from backend.features.catalogue.store import Event

MOMENT = datetime(2027, 3, 12, 23, 30, tzinfo=UTC)
EVENT = Event(
    1, "Winter Evening", "", "Meridian Hall", "Dublin", MOMENT, "Europe/Athens", "EUR", "published", MOMENT, 0
)
HOSTILE = [
    "<script>alert(1)</script>",
    "\"quotes' & more",
    "]]>",
    "a\x00b\x0bc\ud800d\ufffe",
    "W" * 300,
    "東京" * 80,
    "🎫" * 40,
    "",
]


def words(svg: str) -> list[str]:
    """Every text of the drawing."""
    root = ET.fromstring(svg)
    return [text for element in root.iter() if (text := (element.text or "").strip())]


def test_a_poster_says_what_when_and_where() -> None:
    # By the venue's clock it is the next day already.
    assert words(draw_poster(EVENT)) == ["Winter Evening", "Winter", "Evening", "13 Mar 2027", "Meridian Hall, Dublin"]


def test_the_same_event_has_the_same_poster() -> None:
    assert draw_poster(EVENT) == draw_poster(replace(EVENT, description="other", currency="GBP"))


def test_neighbours_differ_in_drawing_and_colours() -> None:
    posters = [draw_poster(replace(EVENT, id=number)) for number in range(1, 91)]
    assert len(set(posters)) == 90
    grounds = [re.findall(r'fill="(#\w+)"', poster)[0] for poster in posters]
    assert all(before != after for before, after in pairwise(grounds))


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("number", range(10))
def test_no_name_breaks_a_poster(name: str, number: int) -> None:
    svg = draw_poster(replace(EVENT, id=number, name=name, venue=name, city=name))
    root = ET.fromstring(svg.encode())
    tags = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in root.iter()}
    assert tags <= {"svg", "title", "rect", "circle", "path", "polygon", "text", "tspan"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on") or "href" in name]


def test_it_needs_nothing_from_elsewhere() -> None:
    assert "url(" not in draw_poster(EVENT)
    assert "http" not in draw_poster(EVENT).replace("http://www.w3.org/2000/svg", "")
