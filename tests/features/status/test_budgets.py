"""What the status says of budgets and alerts, by what Prometheus has recorded."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.features.status.budgets import Budgets, empty_report
from backend.features.status.views import BudgetView, Report
from backend.telemetry.prometheus import Prometheus
from backend.telemetry.promise import Promise, load_promise
from slo import series
from slo.objectives import objectives
from slo.spec import load_spec
from tests.prometheus import FakePrometheus, Recorded, answer_503, drip

HOUR, SIX_HOURS, WINDOW = timedelta(hours=1), timedelta(hours=6), timedelta(days=28)
BOOK = {"slo": "availability", "journey": "book"}


@pytest.fixture(scope="module")
def promise() -> Promise:
    return load_promise()


@asynccontextmanager
async def budgets_of(promise: Promise, fake: FakePrometheus) -> AsyncIterator[Budgets]:
    async with fake.serving() as url:
        prometheus = Prometheus(url, seconds=0.5)
        try:
            yield Budgets(promise, prometheus)
        finally:
            await prometheus.close()


async def report(promise: Promise, fake: FakePrometheus) -> Report:
    async with budgets_of(promise, fake) as budgets:
        return await budgets.report()


def recorded(name: str, value: float, labels: dict[str, str] = BOOK) -> Recorded:
    return Recorded(name, labels, {0: value})


def budget(report: Report, slo: str, journey: str | None) -> BudgetView:
    return next(line for line in report.budgets if (line.slo, line.journey) == (slo, journey))


def alert(name: str = "SLOAvailabilityFastBurn", state: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "labels": {"alertname": name, "severity": "page", **labels},
        "annotations": {"summary": "Requests fail", "runbook_url": f"https://books.example.com/{name}.md"},
        "state": state,
        "activeAt": "2027-03-31T12:00:00.123456789Z",
        "value": "2e+01",
    }


async def test_a_budget_is_shown_with_what_is_left_of_it_and_how_fast_it_goes(promise: Promise) -> None:
    fake = FakePrometheus([
        recorded(series.BUDGET_LEFT, 0.251234), recorded(series.error_ratio(WINDOW), 0.000749),
        recorded(series.burn_rate(HOUR), 14.5), recorded(series.burn_rate(SIX_HOURS), 6),
        recorded(series.COVERAGE, 0.97),
    ])  # fmt: skip
    shown = await report(promise, fake)
    line = budget(shown, "availability", "book")
    assert (shown.prometheus, shown.advice, shown.window) == ("connected", None, "28d")
    assert (line.target, line.left, line.error_ratio, line.measured) == (0.999, 0.2512, 0.000749, 0.97)
    assert [(burn.window, burn.rate, burn.limit) for burn in line.burn] == [("1h", 14.5, 13.44), ("6h", 6, 5.6)]


@pytest.mark.parametrize(
    ("left", "verdict", "excepted"),
    [
        (0.51, "allow", []), (0.5, "warn", []), (0.25, "block", ["fix", "security"]), (0.0, "block", ["security"]),
        (-2, "block", ["security"]),
    ],
)  # fmt: skip
async def test_a_budget_has_the_tier_of_the_gate(
    promise: Promise, left: float, verdict: str, excepted: list[str]
) -> None:
    tier = budget(
        await report(promise, FakePrometheus([recorded(series.BUDGET_LEFT, left)])), "availability", "book"
    ).tier
    assert tier is not None
    assert (tier.verdict, tier.excepted) == (verdict, excepted)


async def test_what_is_not_measured_has_no_tier(promise: Promise) -> None:
    assert budget(await report(promise, FakePrometheus()), "availability", "book").tier is None


def of_environment(name: str, *those: Recorded) -> list[Recorded]:
    return [Recorded(each.name, {**each.labels, "environment": name}, each.samples) for each in those]


@pytest.mark.parametrize("order", [1, -1])
async def test_of_several_environments_the_worst_is_shown_and_said_to_be(promise: Promise, order: int) -> None:
    hour = series.burn_rate(HOUR)
    prod = of_environment(
        "prod", recorded(series.BUDGET_LEFT, -2), recorded(series.error_ratio(WINDOW), 0.003),
        recorded(series.COVERAGE, 0.5), Recorded(hour, BOOK, {3600: 1.0, 0: 50.0}),
    )  # fmt: skip
    dev = of_environment(
        "dev", recorded(series.BUDGET_LEFT, 1), recorded(series.error_ratio(WINDOW), 0),
        recorded(series.COVERAGE, 1), Recorded(hour, BOOK, {3600: 2.0, 0: 0.0}),
    )  # fmt: skip
    both = [prod, dev][::order]
    shown = await report(promise, FakePrometheus([*both[0], *both[1]]))
    line = budget(shown, "availability", "book")
    assert (line.left, line.error_ratio, line.measured, line.burn[0].rate) == (-2, 0.003, 0.5, 50)
    assert (line.history[300], line.history[360]) == (2.0, 50.0)
    assert shown.prometheus == "several"
    assert "told apart by environment (dev, prod)" in (shown.advice or "")


async def test_every_objective_of_the_rules_has_its_line_by_the_same_name(promise: Promise) -> None:
    lines = [(line.slo, line.title, line.target) for line in empty_report(promise, "missing").budgets]
    expected = [
        (objective.name, objective.title, objective.target)
        for objective in objectives(load_spec())
        for _ in (promise.journeys if objective.by_journey else [""])
    ]
    assert lines == expected


async def test_what_is_not_measured_is_null(promise: Promise) -> None:
    line = budget(await report(promise, FakePrometheus([recorded(series.BUDGET_LEFT, 1)])), "latency-800ms", "book")
    assert (line.left, line.error_ratio, [burn.rate for burn in line.burn]) == (None, None, [None, None])


async def test_nobody_is_woken_for_a_busy_pool(promise: Promise) -> None:
    line = budget(empty_report(promise, "missing"), "saturation", None)
    assert [burn.limit for burn in line.burn] == [None, None]


async def test_nan_is_as_good_as_nothing(promise: Promise) -> None:
    fake = FakePrometheus([recorded(series.BUDGET_LEFT, float("nan"))])
    assert budget(await report(promise, fake), "availability", "book").left is None


async def test_the_history_stands_at_its_moments_with_gaps_where_nothing_was_measured(promise: Promise) -> None:
    fake = FakePrometheus([Recorded(series.burn_rate(HOUR), BOOK, {3600: 2.0, 0: 30.0})])
    shown = await report(promise, fake)
    history = budget(shown, "availability", "book").history
    assert shown.history is not None
    assert (shown.history.window, shown.history.step_seconds, len(history)) == ("1h", 60, 361)
    assert abs(shown.history.start.timestamp() - (time.time() - 6 * 3600)) < 5
    assert {place: value for place, value in enumerate(history) if value is not None} == {300: 2.0, 360: 30.0}


async def test_firing_alerts_are_shown_pages_first(promise: Promise) -> None:
    fake = FakePrometheus(alerts=[alert("OutboxSlow", severity="ticket"), alert(journey="book", slo="availability")])
    shown = (await report(promise, fake)).alerts
    assert [(line.name, line.severity, line.slo, line.journey) for line in shown] == [
        ("SLOAvailabilityFastBurn", "page", "availability", "book"),
        ("OutboxSlow", "ticket", None, None),
    ]
    assert shown[0].since == datetime(2027, 3, 31, 12, 0, 0, 123456, UTC)
    assert shown[0].runbook_url == "https://books.example.com/SLOAvailabilityFastBurn.md"


async def test_neither_pending_alerts_nor_the_one_that_always_fires_are_shown(promise: Promise) -> None:
    watchdog = alert("Watchdog")
    del watchdog["labels"]["severity"]
    fake = FakePrometheus(alerts=[watchdog, alert(state="pending")])
    assert (await report(promise, fake)).alerts == []


async def test_a_runbook_that_is_no_web_address_is_no_link(promise: Promise) -> None:
    tricky = alert()
    tricky["annotations"]["runbook_url"] = "javascript:alert(1)"
    (shown,) = (await report(promise, FakePrometheus(alerts=[tricky]))).alerts
    assert shown.runbook_url is None


async def test_without_recorded_budgets_it_says_which_rules_to_load(promise: Promise) -> None:
    shown = await report(promise, FakePrometheus())
    assert shown.prometheus == "silent"
    assert "slo/out/rules.yaml" in (shown.advice or "")


@pytest.mark.parametrize("fault", [answer_503, drip])
async def test_a_prometheus_without_a_usable_answer_is_said_to_be_unreachable(promise: Promise, fault: Any) -> None:
    async with asyncio.timeout(5):
        shown = await report(promise, FakePrometheus(fault=fault))
    assert shown == empty_report(promise, "unreachable")
    assert "PROMETHEUS_URL" in (shown.advice or "")
