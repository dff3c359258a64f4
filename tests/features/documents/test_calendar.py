from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest

from backend.features.orders.documents.calendar import calendar_ics
from tests.features.documents.samples import EVENING, order, ticket

LATER = replace(EVENING, id=8, name="Encore; a \\ night, again", starts_at=EVENING.starts_at + timedelta(days=30))


def entries(text: str) -> list[Any]:
    """The entries as an independent parser reads them; it refuses what breaks the format."""
    return list(icalendar.Calendar.from_ical(text).walk("VEVENT"))


def test_each_event_of_the_order_is_one_entry_at_its_moment() -> None:
    first, second = entries(calendar_ics(order(ticket(3, event=LATER), ticket(1), ticket(2))))
    assert (first["SUMMARY"], second["SUMMARY"]) == ("Winter Evening with Łukasz", "Encore; a \\ night, again")
    assert first["DTSTART"].dt == datetime(2027, 3, 12, 18, 30, tzinfo=UTC)
    assert first["LOCATION"] == "Hala Wodna, Łódź"
    assert first["STATUS"] == "CONFIRMED"
    assert first["DESCRIPTION"].splitlines() == [
        "Starts at 19:30 in Europe/Warsaw",
        "Order C0FFEE42",
        "Stalls, row C, seat 1",
        "Stalls, row C, seat 2",
    ]


def test_downloading_it_again_updates_the_entry_instead_of_adding_one() -> None:
    (before,) = entries(calendar_ics(order(ticket(1))))
    (after,) = entries(calendar_ics(order(ticket(1, state="void"), status="cancelled")))
    assert after["UID"] == before["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)
    assert after["STATUS"] == "CANCELLED"


def test_a_cancelled_event_is_marked_as_such() -> None:
    (entry,) = entries(calendar_ics(order(ticket(1, event=replace(EVENING, cancelled=True)))))
    assert entry["STATUS"] == "CANCELLED"


@pytest.mark.parametrize("name", ["ż" * 300, "日本" * 100 + "🎫" * 50, "a,b;c\\d" * 40])
def test_long_lines_are_folded_between_characters(name: str) -> None:
    text = calendar_ics(order(ticket(1, event=replace(EVENING, name=name))))
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert entries(text)[0]["SUMMARY"] == name


def test_no_name_can_add_a_line_of_its_own() -> None:
    hostile = "Show\r\nATTENDEE:mailto:x@example.com\x00\x0b\x85\u2028END:VEVENT\ud800"
    text = calendar_ics(order(ticket(1, event=replace(EVENING, name=hostile))))
    (entry,) = entries(text)
    assert "ATTENDEE" not in entry
    assert text.count("END:VEVENT\r\n") == 1


def test_it_ends_each_line_as_the_format_demands() -> None:
    text = calendar_ics(order(ticket(1)))
    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
