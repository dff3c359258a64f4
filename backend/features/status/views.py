"""What the status says, as people's page and programs read it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from backend.telemetry.promise_sections import Change, Severity, Verdict
from backend.web.routes import View

PrometheusState = Literal["connected", "missing", "unreachable", "silent", "several"]


class BurnView(View):
    """How many times faster than allowed the budget goes over that window.

    From `limit` on somebody is woken; null where nobody is.
    """

    window: str
    rate: float | None
    limit: float | None


class TierView(View):
    """What the gate says of releases while so much is left; excepted: the changes that may go out even so.

    Its other reasons to stop a release (what fires, burns, or was not measured) are not in it.
    """

    verdict: Verdict
    excepted: list[Change]


class BudgetView(View):
    """One objective, of one journey where it is kept by journey. What is not measured is null.

    left: share of the window's budget, 1 untouched, 0 gone, negative overspent. error_ratio: share of bad events in
    the window. measured: share of the window that was measured. history: the first window's burn rate over time.
    """

    slo: str
    title: str
    journey: str | None
    journey_title: str | None
    target: float
    left: float | None
    tier: TierView | None
    error_ratio: float | None
    measured: float | None
    burn: list[BurnView]
    history: list[float | None]


class HistoryView(View):
    """The moments that every budget's history stands for: the first, and the seconds from each to the next."""

    start: datetime
    step_seconds: float
    window: str


class AlertView(View):
    """An alert that fires, and where it says what to do."""

    name: str
    severity: Severity
    slo: str | None
    journey: str | None
    summary: str
    since: datetime
    runbook_url: str | None


class InvariantsView(View):
    """Whether stock, orders and money agree; `broken` is empty, always, or somebody must be woken.

    known: false while the database, which keeps the latest result, cannot be asked.
    """

    broken: list[str]
    checked_at: datetime | None
    known: bool


class Report(View):
    """What Prometheus knows. advice: what to do where it knows nothing, or the same of several services.

    several: it has recorded an objective more than once, as of two environments; the worst of each is shown.
    """

    prometheus: PrometheusState
    advice: str | None
    window: str
    budgets: list[BudgetView]
    history: HistoryView | None
    alerts: list[AlertView]


class StatusView(Report):
    """The objectives and how they are kept, what fires, and the state of the invariants."""

    service: str
    now: datetime
    objectives: dict[str, Any]
    invariants: InvariantsView
