"""What can be tested: a script in loadtests/ each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.console import Failure
from tools.setup import ROOT

FOLDER = ROOT / "loadtests"
SETTINGS = (
    "RATE", "DURATION", "EVENT", "TICKETS", "BUYERS", "WITHIN", "BROWSING", "AFTER",
    "START", "FACTOR", "STEPS", "FLOOR",
)  # fmt: skip
"""Environment variables that the scripts understand, beside HOST."""


@dataclass(frozen=True)
class Scenario:
    """proves: what a passed test has shown, for people. climbs: it goes on until the promise breaks."""

    name: str
    proves: str
    climbs: bool = False
    watches_memory: bool = False

    @property
    def script(self) -> Path:
        return FOLDER / f"{self.name}.js"


_ALL = (
    Scenario("smoke", "the whole journey works, for a handful of people"),
    Scenario("happy", "an ordinary busy day: two look around for each who buys, all the way to the tickets"),
    Scenario("sale", "a hot event goes from 50 to 2,000 arrivals a second, and sells each ticket once"),
    Scenario("seats", "thousands want the same seats, and each seat goes to one"),
    Scenario("queue", "more people than places wait for their turn: in order, each once, and nobody gets by"),
    Scenario("stress", "how many visits a second the shop carries before the promise breaks", climbs=True),
    Scenario(
        "soak", "ordinary days, one after another, leave the shop as quick and as large as it was", watches_memory=True
    ),
)
SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}


def chosen(name: str) -> Scenario:
    """The scenario of this name; a Failure that lists them all when there is none."""
    if name not in SCENARIOS:
        raise Failure(f"SCENARIO is {name!r}: expected one of {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
