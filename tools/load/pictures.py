"""The plots of a test: latency against the objective, rate, budget spent, saturation, and who waits for their turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from slo.spec import Spec
from tools.load import svg, timeline
from tools.load.scenarios import Scenario
from tools.load.timeline import Timeline
from tools.load.watching import Moment

SHOWS = "Latency, rate, budget and saturation over time"


def draw(spec: Spec, scenario: Scenario, folder: Path, moments: Sequence[Moment]) -> str:
    """As one SVG. folder: where the samples of k6 are. moments: none where nobody could ask the shop."""
    told = timeline.read(folder / "samples.csv", spec.objectives.latency[0].under * 1000)
    during = [(moment.at - told.began, moment) for moment in moments if moment.at >= told.began]
    panels = [*_met(spec, told), _spent(spec, told), *_saturation(spec, during), *_rooms(during)]
    return svg.chart(f"Load test {scenario.name}. {SHOWS}", told.seconds, panels)


def _met(spec: Spec, told: Timeline) -> list[svg.Panel]:
    under = spec.objectives.latency[0].under
    p95s = [(journey, told.p95[journey]) for journey in spec.journeys if journey in told.p95]
    rates = [(journey, told.rate[journey]) for journey in spec.journeys if journey in told.rate]
    return [
        svg.Panel("p95 of a request", p95s, _milliseconds, (under * 1000, f"objective {under:g} s"), log=True),
        svg.Panel("requests a second", rates, _count),
    ]


def _spent(spec: Spec, told: Timeline) -> svg.Panel:
    """Bad and late answers so far, as a share of those that the objectives allow among all requests of the test."""
    objective = spec.objectives.latency[0]
    bad = max(1.0, (1 - spec.objectives.availability.target) * told.requests)
    late = max(1.0, (1 - objective.target) * told.requests)
    lines = [
        ("availability", [(at, count / bad) for at, count in told.bad]),
        (f"under {objective.under:g} s", [(at, count / late) for at, count in told.late]),
    ]
    return svg.Panel("budget of these requests spent", lines, _percent, (1.0, "all of it"))


def _saturation(spec: Spec, during: Sequence[tuple[float, Moment]]) -> list[svg.Panel]:
    if not during:
        return []
    busy = spec.objectives.saturation.busy
    lines = [
        ("database pool", [(at, moment.busy) for at, moment in during]),
        ("cores of the backend", [(at, moment.cpu) for at, moment in during]),
    ]
    return [svg.Panel("saturation", lines, _percent, (busy, f"pool {busy:.0%}"))]


def _rooms(during: Sequence[tuple[float, Moment]]) -> list[svg.Panel]:
    """Of a test in which somebody waited."""
    if not any(moment.waiting or moment.admitted for _, moment in during):
        return []
    admissions = [
        ("allowed", [(at, moment.inlet) for at, moment in during]),
        ("made", [(at, moment.admitted) for at, moment in during]),
    ]
    waiting = [("waiting rooms", [(at, moment.waiting) for at, moment in during])]
    return [svg.Panel("people who wait", waiting, _count), svg.Panel("admissions a second", admissions, _count)]


def _milliseconds(value: float) -> str:
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _percent(value: float) -> str:
    return f"{value:,.0%}"
