"""The judgement: from what was measured to findings, by the section `gate` of slo.yaml."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from backend.telemetry.promise_sections import Change, Tier
from slo import series
from slo.gate.findings import Finding
from slo.gate.measured import Latest, Measured, Place, places
from slo.objectives import Objective, objectives
from slo.spec import Spec


def judge(spec: Spec, measured: Measured, change: Change, bootstrap: datetime | None) -> Iterator[Finding]:
    """bootstrap: until then a history that is merely young is a warning; None once that is over."""
    yield from _alerts(measured)
    yield from _targets(spec, measured)
    for objective, place in places(spec):
        apart = next((labels for (_, where), labels in measured.told_apart.items() if where == place), "")
        if apart:
            yield Finding("prometheus", "unknown", f"recorded several times, told apart by {apart}", *place)
            continue
        short = _coverage(spec, measured, place, bootstrap)
        # What is left of a budget is no news while too little of its window was measured.
        yield short or _budget(spec, measured, place, change)
        yield _burn(spec, measured, objective, place)


def _alerts(measured: Measured) -> Iterator[Finding]:
    if measured.not_evaluated:
        yield Finding("alert", "unknown", measured.not_evaluated)
    for page in measured.pages:
        yield Finding("alert", "block", f"{page.name} is firing", page.slo, page.journey, alert=page.name)


def _targets(spec: Spec, measured: Measured) -> Iterator[Finding]:
    """Budgets of another promise say nothing about this one."""
    for objective in objectives(spec):
        place = (objective.name, "")
        latest, apart = measured.of(series.OBJECTIVE, place), measured.told_apart.get((series.OBJECTIVE, place))
        if latest is None or not latest.usable(spec.gate.stale):
            yield Finding("prometheus", "unknown", _why(latest, "the objective"), *place)
        elif not apart and not math.isclose(latest.value, objective.target, rel_tol=1e-9):
            says = f"evaluates another slo.yaml: a target of {latest.value:g}, not of {objective.target:g}"
            yield Finding("prometheus", "unknown", says, *place, value=latest.value, limit=objective.target)
        elif apart and objective.by_journey:
            yield Finding("prometheus", "unknown", f"recorded several times, told apart by {apart}", *place)


def _coverage(spec: Spec, measured: Measured, place: Place, bootstrap: datetime | None) -> Finding | None:
    """None when enough of the window was measured."""
    needed, window = spec.gate.coverage, series.duration(spec.window)
    latest = measured.of(series.COVERAGE, place)
    if latest is None or not latest.usable(spec.gate.stale):
        return Finding("coverage", "unknown", _why(latest, f"how much of {window} was measured"), *place)
    if latest.value >= needed:
        return None
    says = f"{latest.value:.1%} of {window} were measured, {needed:.0%} are needed"
    why_not_young = _why_not_young(spec, measured, place, latest.value)
    if why_not_young or bootstrap is None:
        says += f": {why_not_young or 'the history is still too young'}"
        return Finding("coverage", "unknown", says, *place, value=latest.value, limit=needed)
    says += f": a young history, let pass until {bootstrap:%Y-%m-%d %H:%M} UTC"
    return Finding("coverage", "warn", says, *place, value=latest.value, limit=needed)


def _why_not_young(spec: Spec, measured: Measured, place: Place, covered: float) -> str:
    """What is wrong with a short history besides its age; "" when it was measured all along since it began."""
    if measured.retention is None:
        return "Prometheus does not say for how long it keeps samples"
    if measured.retention < spec.window:
        return f"Prometheus keeps samples for {series.duration(measured.retention)} only"
    # The first samples may be younger than the steps in which the beginning is looked for.
    since_it_began = measured.began.get(place, 0.0) - spec.sample_window.total_seconds()
    if covered * spec.window.total_seconds() < spec.gate.coverage * since_it_began:
        return "there are gaps in it"
    return ""


def _budget(spec: Spec, measured: Measured, place: Place, change: Change) -> Finding:
    latest = measured.of(series.BUDGET_LEFT, place)
    if _idle(spec, measured, place, spec.window, latest):
        says = f"no events within {series.duration(spec.window)}: the whole budget is left"
        return Finding("budget", "allow", says, *place, value=1.0)
    if latest is None or not latest.usable(spec.gate.stale):
        return Finding("budget", "unknown", _why(latest, "what is left of the budget"), *place)
    tier = spec.gate.of(latest.value)
    says = f"{latest.value:.1%} of the budget are left{_bounds(tier)}"
    if tier.verdict == "block" and change in tier.except_:
        return Finding("budget", "warn", f"{says}; a {change} may go on", *place, value=latest.value, limit=tier.above)
    return Finding("budget", tier.verdict, says, *place, value=latest.value, limit=tier.above)


def _idle(spec: Spec, measured: Measured, place: Place, window: timedelta, ratio: Latest | None) -> bool:
    """Whether there were no events to divide by; a ratio that is there all the same counts."""
    if ratio is not None and (ratio.usable(spec.gate.stale) or not math.isfinite(ratio.value)):
        return False
    events = measured.of(series.events(window), place)
    return events is not None and events.usable(spec.gate.stale) and events.value == 0


def _bounds(tier: Tier) -> str:
    return " (the last tier)" if tier.above is None else f" (the tier above {tier.above:.0%})"


def _burn(spec: Spec, measured: Measured, objective: Objective, place: Place) -> Finding:
    """The rate over the last hour or so, on any history, but not for a handful of events."""
    limit, window, stale = spec.gate.burn.above, spec.gate.burn.window, spec.gate.stale
    over = series.duration(window)
    rate = measured.of(series.burn_rate(window), place)
    if _idle(spec, measured, place, window, rate):
        return Finding("burn", "allow", f"no events within {over}", *place)
    if rate is None or not rate.usable(stale):
        return Finding("burn", "unknown", _why(rate, f"the burn rate over {over}"), *place)
    says = f"burns {rate.value:.3g} times too fast over {over}" if rate.value > 1 else f"burn rate {rate.value:.3g}"
    if rate.value <= limit:
        return Finding("burn", "allow", f"{says}, {limit:g} is the limit", *place, value=rate.value, limit=limit)
    lenient = _why_not_grave(spec, measured.of(series.bad(window), place), objective, window)
    says += f", more than {limit:g}{lenient and f', but {lenient}'}"
    return Finding("burn", "warn" if lenient else "block", says, *place, value=rate.value, limit=limit)


def _why_not_grave(spec: Spec, bad: Latest | None, objective: Objective, window: timedelta) -> str:
    """As with the alerts: a handful of events, or what hurts nobody yet, wakes nobody and blocks nothing."""
    if not objective.can_page:
        return "no customer notices yet"
    minimum = spec.alerting.minimum_bad_events
    if bad is not None and bad.usable(spec.gate.stale) and bad.value * window.total_seconds() < minimum:
        return f"by fewer than {minimum} events"
    return ""


def _why(latest: Latest | None, what: str) -> str:
    if latest is None:
        return f"{what} is not recorded"
    if latest.value != latest.value or abs(latest.value) == float("inf"):
        return f"{what} is recorded as {latest.value}"
    return f"{what} was last recorded {latest.age:.0f} s ago" if latest.age > 0 else f"{what} is recorded in the future"
