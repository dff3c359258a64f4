"""Tests as values, before they are written for promtool."""

from dataclasses import dataclass

STEP = 60
"""Seconds between two samples of a series; all lists below have an entry for each."""


@dataclass(frozen=True, slots=True)
class Series:
    """values: in promtool's notation."""

    name: str
    values: str


@dataclass(frozen=True, slots=True)
class Fires:
    """The alert with these labels fires at that minute."""

    alert: str
    labels: dict[str, str]
    minute: int


@dataclass(frozen=True, slots=True)
class Silent:
    """The alert with these labels does not fire from one minute to the other."""

    alert: str
    labels: dict[str, str]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Holds:
    """A comparison in PromQL holds at that minute; it answers one series, without labels."""

    expr: str
    minute: int


Check = Fires | Silent | Holds


@dataclass(frozen=True, slots=True)
class World:
    """about: what happens in it. evaluation, step: seconds, when they are not the promise's own and a minute."""

    about: str
    series: tuple[Series, ...]
    checks: tuple[Check, ...]
    evaluation: int | None = None
    step: int = STEP
