"""Times as event files write them.

2027-03-12T18:30:00Z    a moment, with its offset
2027-03-12 19:30        by the clock of the event's time zone, unless that time is skipped or comes twice that night
+2m, +3h, +30d          so long after now
+30d 19:30              thirty days from today, by the clock of the event's time zone; the first of two, and an hour
                        later when it is skipped
-1h, -7d                so long before the event starts
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_AFTER_NOW = re.compile(r"\+(\d{1,5})([mhd])(?: (\d{2}:\d{2}))?")
_BEFORE_START = re.compile(r"-(\d{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def is_relative(text: str) -> bool:
    """Whether it means another moment when it is read on another day."""
    return text.startswith("+")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a written time depends on: the moment of reading, the event's zone and, once known, its start."""

    now: datetime
    zone: ZoneInfo
    start: datetime | None = None

    def moment(self, text: str) -> datetime:
        """The moment meant, in UTC. ValueError when the text is none of the forms."""
        if match := _AFTER_NOW.fullmatch(text):
            return self._after_now(_span(match), match[3])
        if self.start and (match := _BEFORE_START.fullmatch(text)):
            return self.start - _span(match)
        try:
            written = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"{text!r} is no time such as 2027-03-12 19:30 or +30d 19:30") from None
        return self._utc(written) if written.tzinfo else self._by_the_clock(written, text)

    def _by_the_clock(self, written: datetime, text: str) -> datetime:
        """The one moment at which the zone's clocks show it; ValueError when there is none, or are two."""
        first, second = (self._utc(written.replace(tzinfo=self.zone, fold=fold)) for fold in (0, 1))
        if first < second:
            offsets = " or ".join(moment.astimezone(self.zone).isoformat()[-6:] for moment in (first, second))
            raise ValueError(f"{text} comes twice by the clocks of {self.zone.key}: add {offsets} to say which")
        if first > second:
            raise ValueError(f"{text} is skipped by the clocks of {self.zone.key}")
        return first

    def _after_now(self, span: timedelta, clock: str | None) -> datetime:
        if clock is None:
            return self.now + span
        day = (self.now.astimezone(self.zone) + span).date()
        return self._utc(datetime.combine(day, time.fromisoformat(clock), self.zone))

    @staticmethod
    def _utc(moment: datetime) -> datetime:
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise ValueError("that year is too far away") from None


def _span(match: re.Match[str]) -> timedelta:
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
