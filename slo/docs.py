"""docs/slos.md: the promise for people, and the table of tiers in docs/error-budgets.md."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from backend.telemetry.promise_sections import Change, Rule, Tier, Verdict
from slo.detection import PARTIAL, TOTAL, bad_events_allowed, budget_seconds, detections
from slo.explain import share, span, spans
from slo.heads import MADE_BY
from slo.objectives import Objective, objectives
from slo.rules.document import alerts
from slo.rules.model import Alert
from slo.series import duration
from slo.spec import Spec

PROMISE = Path("docs/slos.md")
POLICY = Path("docs/error-budgets.md")

_TEMPLATE = Path(__file__).parent / "templates" / "promise.md"
_ROOT = Path(__file__).parents[1]
_TIERS = re.compile(r"(?<=<!-- tiers: begin -->\n).*?(?=<!-- tiers: end -->)", re.DOTALL)

_CHANGES: dict[Change, str] = {
    "feature": "features",
    "fix": "fixes",
    "security": "security fixes",
    "rollback": "rollbacks",
}
_VERDICTS: dict[Verdict, str] = {"allow": "everything", "warn": "everything, with a note"}

Row = tuple[str, ...]


def write(spec: Spec) -> dict[Path, str]:
    policy = (_ROOT / POLICY).read_text(encoding="utf-8")
    return {PROMISE: _promise(spec), POLICY: _TIERS.sub(lambda _: _rules_of_the_gate(spec), policy)}


def _promise(spec: Spec) -> str:
    load, lag = spec.objectives.page_load, spec.prometheus.scrape_interval + spec.prometheus.evaluation_interval
    burns = (f"### {objective.title}\n\n{_table(_burns(spec, objective))}" for objective in objectives(spec))
    return _TEMPLATE.read_text(encoding="utf-8").format(
        made_by=MADE_BY,
        window=_days(spec.window),
        objectives=_table(_objectives(spec)),
        load_share=share(load.quantile),
        load_seconds=f"{load.under:g}",
        budgets=_table(_budgets(spec)),
        routes=_table(_routes(spec)),
        excluded=_table(_excluded(spec)),
        classification=_table(_classification(spec)),
        partial=share(PARTIAL),
        lag=span(lag.total_seconds()),
        minimum=spec.alerting.minimum_bad_events,
        burns="\n\n".join(burns),
        others=_table(_others(spec)),
    )


def _days(time: timedelta) -> str:
    """In prose: 28 days, and whatever is no number of days in short."""
    return duration(time) if time % timedelta(days=1) else f"{time.days} days"


def _table(rows: Iterable[Row]) -> str:
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _objectives(spec: Spec) -> Iterator[Row]:
    yield "promise", "target", "of"
    for objective in objectives(spec):
        unit = "slices of time" if objective.in_slices else "payments" if not objective.by_journey else "requests"
        yield (
            objective.title,
            f"**{share(objective.target)}**",
            unit + (", in each journey" if objective.by_journey else ""),
        )


def _budgets(spec: Spec) -> Iterator[Row]:
    yield "promise", "budget", "time", "events"
    for objective in objectives(spec):
        yield (
            objective.title,
            share(objective.budget),
            span(budget_seconds(spec, objective)),
            "<br>".join(_events(spec, objective)),
        )


def _events(spec: Spec, objective: Objective) -> Iterator[str]:
    for journey, rate in objective.events_per_second.items():
        allowed, all_of_them = bad_events_allowed(spec, objective, journey), rate * spec.window.total_seconds()
        yield f"{journey} {allowed:,.0f} of {all_of_them:,.0f}".strip()


def _routes(spec: Spec) -> Iterator[Row]:
    yield "journey", "what a customer comes to do", "routes"
    for name, journey in spec.journeys.items():
        yield name, journey.title, _codes(journey.routes)


def _excluded(spec: Spec) -> Iterator[Row]:
    yield "what", "routes"
    for name, routes in spec.excluded.items():
        yield name, _codes(routes)


def _codes(texts: Iterable[str]) -> str:
    return "<br>".join(f"`{text}`" for text in texts)


def _classification(spec: Spec) -> Iterator[Row]:
    yield "status", "answered", "counts as"
    for rule in spec.classification:
        yield rule.status, _when(rule), rule.outcome


def _when(rule: Rule) -> str:
    return f"in less than {rule.under:g} s" if rule.under is not None else "at any time"


def _burns(spec: Spec, objective: Objective) -> Iterator[Row]:
    yield "alert", "ends in", "windows", "burn", "bad share", "all bad", f"{share(PARTIAL)} bad", "must hold"
    for each in detections(spec, objective):
        window = each.window
        yield (
            _linked(each.alert),
            f"a {window.severity}",
            f"{duration(window.long)}, {duration(window.short)}",
            f"{window.burn:g}",
            f"> {share(each.threshold)}",
            spans(each.noticed[TOTAL]),
            spans(each.noticed[PARTIAL]),
            span(each.lasting.total_seconds()),
        )


def _others(spec: Spec) -> Iterator[Row]:
    burning = {each.alert for objective in objectives(spec) for each in detections(spec, objective)}
    yield "alert", "ends in", "when", "must hold"
    for alert in alerts(spec):
        if alert.name not in burning:
            lasting = span(alert.lasting.total_seconds()) if alert.lasting else "at once"
            only = f" (only with the {alert.exporter})" if alert.exporter else ""
            yield _linked(alert.name), _severity(alert), alert.when + only, lasting


def _severity(alert: Alert) -> str:
    return f"a {alert.severity}" if alert.severity else "nothing: it must always come"


def _linked(alert: str) -> str:
    return f"[{alert}](runbooks/{alert}.md)"


def _rules_of_the_gate(spec: Spec) -> str:
    gate = spec.gate
    return (
        f"{_table(_tiers(spec))}\n\n"
        f"Whatever is left, it also says `block` while a page fires, and while the budget goes more than "
        f"{gate.burn.above:g} times too fast over the last {duration(gate.burn.window)}. It says `unknown` when less "
        f"than {share(gate.coverage)} of the {_days(spec.window)} was measured, or when the newest sample is older "
        f"than {duration(gate.stale)}.\n"
    )


def _tiers(spec: Spec) -> Iterator[Row]:
    yield "budget left", "the gate says", "what may go out"
    fuller: float | None = None
    for tier in spec.gate.tiers:
        yield _left(tier.above, fuller), tier.verdict, _allowed(tier)
        fuller = tier.above


def _left(above: float | None, fuller: float | None) -> str:
    """Between which shares of the budget the tier is; None is open."""
    if above is None:
        return f"{share(fuller)} or less, overspent too" if fuller is not None else "whatever is left"
    return f"more than {share(above)}" + (f", up to {share(fuller)}" if fuller is not None else "")


def _allowed(tier: Tier) -> str:
    if tier.verdict != "block":
        return _VERDICTS[tier.verdict]
    excepted = [_CHANGES[change] for change in (*tier.except_, "rollback")]
    return ", ".join(excepted[:-1]) + " and " + excepted[-1] if excepted[:-1] else excepted[-1]
