"""The promise in figures that people can argue about: budgets, and how soon somebody hears of an outage."""

import math
from collections.abc import Iterable, Iterator

from slo.detection import PARTIAL, TOTAL, bad_events_allowed, budget_seconds, detections, seconds_to_breach
from slo.objectives import Objective, objectives
from slo.rules.document import alerts
from slo.rules.latency import QUANTILE_ALERT
from slo.rules.model import Alert
from slo.series import duration
from slo.spec import Spec

_INDENT = "  "


def explain(spec: Spec) -> str:
    """Plain text, for a terminal."""
    parts = [_objective(spec, objective) for objective in objectives(spec)]
    return "\n\n".join([_head(spec), *parts, _others(spec)]) + "\n"


def span(seconds: float) -> str:
    """48 s, 13 min 20 s, 6 h 43 min, 2 d 4 h: the two largest units; never when it is infinite."""
    if math.isinf(seconds):
        return "never"
    left = round(seconds)
    parts: list[tuple[int, str]] = []
    for name, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or parts or name == "s":
            parts.append((count, name))
    return " ".join(f"{count} {name}" for count, name in parts[:2] if count) or "0 s"


def share(ratio: float) -> str:
    """As 99.9 %, 1.344 %."""
    return f"{ratio * 100:.4g} %"


def _head(spec: Spec) -> str:
    lag = spec.prometheus.scrape_interval + spec.prometheus.evaluation_interval
    return (
        f"{spec.service}: what is promised over {duration(spec.window)}\n\n"
        "Under `all bad` and `5% bad` stands how long it takes until the alert's condition holds, after a clean\n"
        "history and at the least traffic that slo.yaml expects; in brackets the journey that takes longest. Then it\n"
        f"must hold for the time under `for`. Scrape and evaluation add up to {span(lag.total_seconds())}."
    )


def _objective(spec: Spec, objective: Objective) -> str:
    whose = ", in each journey" if objective.by_journey else ""
    lines = [
        f"{objective.name}: {objective.title}, {share(objective.target)}{whose}",
        f"{_INDENT}budget {share(objective.budget)}: {span(budget_seconds(spec, objective))} of only bad ones, or",
    ]
    events = "slices of time" if objective.in_slices else "events"
    for journey, rate in objective.events_per_second.items():
        allowed = bad_events_allowed(spec, objective, journey)
        every = rate * spec.window.total_seconds()
        lines.append(f"{_INDENT}{allowed:10,.0f} of {every:,.0f} {events}{journey and f' in {journey}'}")
    return "\n".join([*lines, "", *_table(_rows(spec, objective))])


def _rows(spec: Spec, objective: Objective) -> Iterator[list[str]]:
    yield ["alert", "windows", "burn", "bad share", "all bad", f"{PARTIAL:.0%} bad", "for"]
    for each in detections(spec, objective):
        window = each.window
        pair = f"{duration(window.long)}/{duration(window.short)}"
        times = [spans(each.noticed[bad]) for bad in (TOTAL, PARTIAL)]
        lasting = span(each.lasting.total_seconds())
        yield [each.alert, pair, f"{window.burn:g}", f"> {share(each.threshold)}", *times, lasting]
    if objective.name == spec.objectives.latency[0].name:
        yield _quantile_row(spec, objective)


def _quantile_row(spec: Spec, objective: Objective) -> list[str]:
    """The same latency, watched without a budget."""
    times = [
        spans(
            {
                journey: seconds_to_breach(spec, share=bad, events_per_second=rate)
                for journey, rate in objective.events_per_second.items()
            }
        )
        for bad in (TOTAL, PARTIAL)
    ]
    over, lasting = duration(spec.sample_window), span(spec.alerting.slow_quantile.for_.total_seconds())
    return [QUANTILE_ALERT, over, "-", f"> {share(objective.budget)}", *times, lasting]


def spans(by_journey: dict[str, float]) -> str:
    """The quickest, and the slowest journey in brackets where that takes longer: 48 s (account 1 min 40 s)."""
    slowest = max(by_journey, key=by_journey.__getitem__)
    quick, slow = span(min(by_journey.values())), span(by_journey[slowest])
    return quick if quick == slow else f"{quick} ({slowest} {slow})"


def _table(rows: Iterable[list[str]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield (_INDENT + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()


def _others(spec: Spec) -> str:
    """The alerts that no objective's table shows."""
    shown = {each.alert for objective in objectives(spec) for each in detections(spec, objective)} | {QUANTILE_ALERT}
    rest = [alert for alert in alerts(spec) if alert.name not in shown]
    rows = [["alert", "ends in", "when", "for"], *(_other(alert) for alert in rest)]
    return "\n".join(["besides", *_table(rows)])


def _other(alert: Alert) -> list[str]:
    lasting = span(alert.lasting.total_seconds()) if alert.lasting else "-"
    return [alert.name, alert.severity or "-", alert.when, lasting]
