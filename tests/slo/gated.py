"""What a Prometheus has recorded when all is well, and the gate asked about it."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from slo import series
from slo.__main__ import main
from slo.gate.measured import Place, places
from slo.objectives import objectives
from slo.spec import Spec
from tests.prometheus import FakePrometheus, Recorded

BOOK: Place = ("availability", "book")
WATCHDOG = Recorded("ALERTS", {"alertname": "Watchdog", "alertstate": "firing", "slo": "measurement"}, {0: 1.0})


def page(name: str, **labels: str) -> Recorded:
    """An alert that fires and wakes somebody."""
    return Recorded("ALERTS", {"alertname": name, "alertstate": "firing", "severity": "page", **labels}, {0: 1.0})


def target(slo: str, value: float) -> Recorded:
    """The objective as Prometheus knows it."""
    return Recorded(series.OBJECTIVE, {"slo": slo}, {0: value})


def labelled(those: Iterable[Recorded], **labels: str) -> list[Recorded]:
    """The same, but recorded with these labels as well, as by one of several servers."""
    return [Recorded(each.name, {**each.labels, **labels}, each.samples) for each in those]


def recorded(spec: Spec, place: Place | None = None, **values: float | None) -> list[Recorded]:
    """All is well, but these values differ at that place, or everywhere: left, coverage, burn, events, bad; None: none.

    all_events: those of the whole window; events and bad: of the last hour. age: seconds since they were recorded.
    """
    found = [WATCHDOG, *(target(objective.name, objective.target) for objective in objectives(spec))]
    for _, each in places(spec):
        changes = values if place in (None, each) else {}
        found += _line(
            spec,
            each,
            **{"left": 0.8, "coverage": 1.0, "burn": 0.2, "events": 2.0, "bad": 0.1, "all_events": 2.0, **changes},
        )
    return found


def _line(spec: Spec, place: Place, age: float | None = 0.0, **values: float | None) -> Iterable[Recorded]:
    window = spec.gate.burn.window
    names = {
        "left": series.BUDGET_LEFT,
        "coverage": series.COVERAGE,
        "burn": series.burn_rate(window),
        "events": series.events(window),
        "bad": series.bad(window),
        "all_events": series.events(spec.window),
    }
    slo, journey = place
    labels = {"slo": slo, **({"journey": journey} if journey else {})}
    return [
        Recorded(names[name], labels, {(age or 0.0) + 30 * step: value for step in range(3)})
        for name, value in values.items()
        if value is not None
    ]


@dataclass(frozen=True)
class Answer:
    """The gate's exit code, what it prints, and its JSON."""

    code: int
    out: str
    error: str
    report: Any

    def found(self, check: str, place: Place = BOOK) -> Any:
        return next(
            each for each in self.report["findings"] if (each["check"], each["slo"], each["journey"]) == (check, *place)
        )


@dataclass(frozen=True)
class Gate:
    """Asks it with a report in the test's folder."""

    folder: Path
    captured: pytest.CaptureFixture[str]

    async def ask(self, url: str, *arguments: str | Path) -> Answer:
        path = self.folder / "gate.json"
        path.unlink(missing_ok=True)
        given = ["gate", "--prometheus", url, "--json", str(path), *map(str, arguments)]
        code = await asyncio.to_thread(main, given)
        printed = self.captured.readouterr()
        return Answer(code, printed.out, printed.err, json.loads(path.read_text()) if path.exists() else None)


async def ask(gate: Gate, fake: FakePrometheus, *arguments: str | Path) -> Answer:
    async with fake.serving() as url:
        return await gate.ask(url, *arguments)
