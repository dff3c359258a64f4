"""How much of each promise is kept, and how fast its budget goes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel, ValueMapping

from backend.telemetry.promise_sections import Verdict
from slo import series
from slo.dashboards.board import Board
from slo.dashboards.panels import GREEN, ORANGE, RED, YELLOW, Look, Query, Steps, bars, in_words, lines, numbers, rows
from slo.objectives import Objective, objectives
from slo.spec import Spec

WHOSE = "{{slo}} {{journey}}"
_COLORS: dict[Verdict, str] = {"allow": GREEN, "warn": YELLOW, "block": RED}


def overview(spec: Spec) -> Board:
    return Board(
        name="overview",
        title="Promise: objectives and budgets",
        says="Each objective over its window, what is left of its error budget, and how fast that goes.",
        since="now-7d",
        rows=[
            ("Kept", list(_kept(spec))),
            ("Budget", _budget(spec)),
            ("How fast it goes: 1 uses it up exactly at the end of the window", list(_burns(spec))),
            ("What follows", _verdict(spec)),
        ],
    )


def budget_steps(spec: Spec) -> Steps:
    """The gate's tiers as colours; red is what is below all of them."""
    tiers = ((tier.above, tier.verdict) for tier in reversed(spec.gate.tiers))
    return [
        (above, ORANGE if verdict == "block" else _COLORS[verdict]) for above, verdict in tiers if above is not None
    ]


def burn_steps(burn: float) -> Steps:
    """At 1 the budget lasts exactly as long as the window; from `burn` on somebody is alerted."""
    return ((1, YELLOW), (burn, RED)) if burn > 1 else ((burn, RED),)


def of(objective: Objective, name: str) -> str:
    return f'{name}{{slo="{objective.name}"}}'


def _kept(spec: Spec) -> Iterator[Builder[Panel]]:
    window = series.duration(spec.window)
    for objective in objectives(spec):
        look = Look(
            unit="percentunit",
            base=RED,
            steps=((objective.target, GREEN),),
            decimals=3,
            width=8,
            height=5,
            says=f"Share of good events over {window}. Promised: {objective.target:.10g}.",
        )
        ratio = of(objective, series.error_ratio(spec.window))
        yield numbers(objective.title, look, (f"1 - {ratio}", "{{journey}}"))


def _budget(spec: Spec) -> list[Builder[Panel]]:
    left = series.BUDGET_LEFT
    seconds = spec.window.total_seconds()
    slow = spec.alerting.windows[1].long
    steps = budget_steps(spec)
    return [
        bars("Budget left", Look("percentunit", steps, RED, highest=1, height=10), (left, WHOSE)),
        lines("Budget left, over time", Look("percentunit", steps, RED, lowest=None, height=10), (left, WHOSE)),
        numbers(
            "Bad events left",
            Look("short", ((0, GREEN),), RED, "How many more may fail before the budget is gone.", None, decimals=0),
            *_events_left(spec),
        ),
        numbers(
            "Time left at this rate",
            Look(
                "s",
                ((86400, ORANGE), (7 * 86400, GREEN)),
                RED,
                f"Until the budget is gone, if all goes on as in the last {series.duration(slow)}; at the least at a "
                "burn rate of 0.1.",
            ),
            (f"clamp_min({left}, 0) * {seconds:.0f} / clamp_min({series.burn_rate(slow)}, 0.1)", WHOSE),
        ),
    ]


def _events_left(spec: Spec) -> Iterator[Query]:
    for objective in objectives(spec):
        left, events = of(objective, series.BUDGET_LEFT), of(objective, series.events(spec.window))
        yield f"{left} * {events} * {objective.budget * spec.window.total_seconds():.10g}", WHOSE


def _burns(spec: Spec) -> Iterator[Builder[Panel]]:
    for window in spec.alerting.windows:
        title = f"Over {series.duration(window.long)}: a {window.severity} at {window.burn:g}"
        yield lines(title, Look(steps=burn_steps(window.burn)), (series.burn_rate(window.long), WHOSE))


def _verdict(spec: Spec) -> list[Builder[Panel]]:
    firing = 'ALERTS{alertstate="firing"}'
    gate = spec.gate
    small = Look(width=6, height=6)
    emptiest = replace(small, unit="percentunit", mappings=_verdicts(spec), says="Of the emptiest budget.", lowest=None)
    unknown = f"Below {gate.coverage:.0%} the gate says unknown."
    covered = replace(small, unit="percentunit", steps=((gate.coverage, GREEN),), base=RED, says=unknown)
    return [
        numbers("The gate on a feature, by budget alone", emptiest, (f"min({series.BUDGET_LEFT})", "verdict")),
        numbers("Least of the window that was measured", covered, (f"min({series.COVERAGE})", "coverage")),
        *(
            numbers(
                f"Alerts firing: {severity}",
                replace(small, steps=((1, color),)),
                (f'count(ALERTS{{alertstate="firing",severity="{severity}"}}) or vector(0)', severity),
            )
            for severity, color in (("page", RED), ("ticket", ORANGE))
        ),
        rows(
            "Alerts firing",
            Look(width=24, says="Watchdog always fires: it shows that alerts arrive."),
            (f"count by (alertname, severity, slo, journey) ({firing})", ""),
            leads_to=("alertname", spec.links.runbook("${__value.raw}")),
        ),
    ]


def _verdicts(spec: Spec) -> Sequence[ValueMapping]:
    """From the emptiest tier to the fullest."""
    tiers = reversed(spec.gate.tiers)
    return in_words(*((tier.above, tier.verdict, _COLORS[tier.verdict]) for tier in tiers))
