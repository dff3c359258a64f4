from pathlib import Path
from typing import NamedTuple

import pytest

from backend.telemetry.promise_faults import PromiseError
from slo.solvability import faults, solvable_spec
from slo.spec import load_spec
from tests.slo.edited import PROMISE, edited, line_of


class Case(NamedTuple):
    """A change of slo.yaml (old, new), what the line to blame holds, its field, and words of the message."""

    old: str
    new: str
    blamed: str
    field: str
    message: str


CASES = {
    "latency threshold beside the edges": Case(
        "target: 0.95, under: 0.8}",
        "target: 0.95, under: 0.75}",
        "under: 0.75}",
        "objectives.latency.0.under",
        "the threshold 0.75 is no edge of buckets.seconds",
    ),
    "tail threshold beside the edges": Case(
        "0.8, 1, 1.5, 2.5, 5, 10]", "0.8, 1, 1.5, 5, 10]", "under: 2.5}", "objectives.latency.1.under", "2.5 is no edge"
    ),
    "ticket threshold beside the edges": Case(
        "under: 30}", "under: 31}", "under: 31}", "objectives.tickets.under", "31 is no edge of buckets.tickets"
    ),
    "page load threshold beside the edges": Case(
        "under: 1.2,", "under: 1.3,", "under: 1.3,", "objectives.page_load.under", "1.3 is no edge of buckets.lcp"
    ),
    "two objectives of one threshold": Case(
        "{target: 0.99, under: 2.5}",
        "{target: 0.99, under: 0.8}",
        "{target: 0.99, under: 0.8}",
        "objectives.latency.1.under",
        "expected a threshold of its own, 0.8 s is latency.0's",
    ),
    "a page that cannot fire": Case(
        "{target: 0.95, under: 0.8}",
        "{target: 0.9, under: 0.8}",
        "burn: 13.44, long",
        "alerting.windows.0.burn",
        "13.44 x the budget of latency-800ms, 0.1, is 1.34: not even a total outage would end in this page",
    ),
    "an alert on the good course": Case(
        "burn: 1.0,", "burn: 0.933,", "burn: 0.933,", "alerting.windows.3.burn", "although the objective is being kept"
    ),
    "a short window as long as the long one": Case(
        "long: 1h, short: 5m",
        "long: 1h, short: 1h",
        "short: 1h",
        "alerting.windows.0.short",
        "less than the long window",
    ),
    "an alert on more than the window": Case(
        "long: 3d", "long: 30d", "long: 30d", "alerting.windows.3.long", "expected no more than the window, 28d"
    ),
    "retention shorter than the window": Case(
        "retention: 35d", "retention: 15d", "retention: 15d", "prometheus.retention", "shorter than the window, 28d"
    ),
    "scrapes too rare for the rates": Case(
        "scrape_interval: 15s", "scrape_interval: 2m", "scrape_interval: 2m", "prometheus.scrape_interval", "4 scrapes"
    ),
    "evaluations rarer than the samples are long": Case(
        "evaluation_interval: 30s",
        "evaluation_interval: 6m",
        "evaluation_interval: 6m",
        "prometheus.evaluation_interval",
        "would miss part of each 5m",
    ),
    "a gate that takes every sample for stale": Case(
        "stale: 5m", "stale: 10s", "stale: 10s", "gate.stale", "every sample would be stale"
    ),
    "a journey too quiet for its budget": Case(
        "account: 0.1}",
        "account: 0.004}",
        "account: 0.004}",
        "traffic.journeys.account",
        "0.004 events a second give availability a budget of 9.7 bad ones in 28d",
    ),
    "a quantile that a quiet journey never has enough requests for": Case(
        "minimum_requests: 60",
        "minimum_requests: 100",
        "minimum_requests: 100",
        "alerting.slow_quantile.minimum_requests",
        "account has 90 requests in the 15m",
    ),
    "too few payments for their budget": Case(
        "payments: 0.05", "payments: 0.0001", "payments: 0.0001", "traffic.payments", "a budget of 2.4 bad ones"
    ),
    "too few slices for their budget": Case(
        "target: 0.99, busy: 0.8",
        "target: 0.999, busy: 0.8",
        "target: 0.999, busy",
        "objectives.saturation.target",
        "a budget of 8.1 bad ones",
    ),
    "a journey whose traffic is not known": Case(
        "book: 0.2, ", "", "account: 0.1}", "traffic.journeys.book", "the traffic of each journey"
    ),
    "traffic of no journey": Case(
        "book: 0.2, ", "book: 0.2, door: 1, ", "door: 1", "traffic.journeys.door", "the traffic of each journey"
    ),
    "a route in two journeys": Case(
        "      - GET /api/basket\n",
        "      - GET /api/events\n      - GET /api/basket\n",
        "- GET /api/events",
        "journeys.book.routes.0",
        "a route stands in two places: GET /api/events is in browse too",
    ),
    "a route both promised and excluded": Case(
        "vitals: [POST /api/rum]",
        "vitals: [POST /api/rum, GET /api/basket]",
        "vitals:",
        "excluded.vitals.1",
        "GET /api/basket is in book too",
    ),
    "a route of the API without a place": Case(
        "      - POST /api/checkout\n", "", "journeys:", "journeys", "POST /api/checkout is served but in no journey"
    ),
    "a route that the API does not have": Case(
        "      - POST /api/checkout\n",
        "      - POST /api/checkout\n      - POST /api/pay\n",
        "POST /api/pay",
        "journeys.book.routes.6",
        "POST /api/pay is named but not served",
    ),
    "an answer without a meaning": Case(
        "  - {status: 3xx, outcome: good}\n",
        "",
        "classification:",
        "classification",
        "no rule for every answer with status 300",
    ),
    "a rule that never decides": Case(
        "  - {status: 1xx, outcome: good}",
        "  - {status: 503, outcome: good}\n  - {status: 1xx, outcome: good}",
        "status: 503",
        "classification.4",
        "never decides: the rules before it cover every 503",
    ),
    "a gate that grows milder": Case(
        "{above: 0.25, verdict: warn}",
        "{above: 0.25, verdict: allow}\n    - {above: 0.2, verdict: block}\n    - {above: 0.1, verdict: warn}",
        "above: 0.1,",
        "gate.tiers.3",
        "milder for a feature than the tier before it",
    ),
    "a gate that grows milder by an exception": Case(
        "- {above: 0.25, verdict: warn}\n",
        "- {above: 0.25, verdict: warn}\n    - {above: 0.1, verdict: block}\n",
        "above: 0.0,",
        "gate.tiers.3",
        "milder for a fix than the tier before it",
    ),
    "a gate that never blocks": Case(
        "{verdict: block, except: [security]}",
        "{verdict: warn}",
        "{verdict: warn}",
        "gate.tiers.3",
        "lets features out although the budget is gone",
    ),
    "a gate that excepts features": Case(
        "{verdict: block, except: [security]}",
        "{verdict: block, except: [feature]}",
        "except: [feature]",
        "gate.tiers.3",
        "lets features out although the budget is gone",
    ),
    "a gate that blocks long after the budget is gone": Case(
        "{above: 0.25, verdict: warn}\n    - {above: 0.0, verdict: block, except: [fix, security]}",
        "{above: -9, verdict: warn}",
        "above: -9",
        "gate.tiers.1",
        "lets features out although the budget is gone",
    ),
    "a tier above no number": Case(
        "above: 0.5,", "above: inf,", "above: inf", "gate.tiers.0.above", "expected a finite number"
    ),
    "a gate that no burn exceeds": Case(
        "burn: {above: 13.44", "burn: {above: inf", "burn: {above: inf", "gate.burn.above", "not even a total outage"
    ),
    "a gate that a total outage does not reach": Case(
        "burn: {above: 13.44", "burn: {above: 1000", "burn: {above: 1000", "gate.burn.above", "not even a total outage"
    ),
    "a gate that trusts old samples": Case(
        "stale: 5m", "stale: 2h", "stale: 2h", "gate.stale", "expected no more than 1h"
    ),
    "a gate that trusts a fraction of the window": Case(
        "coverage: 0.9", "coverage: 0.4", "coverage: 0.4", "gate.coverage", "expected at least 50%"
    ),
    "a pool that the pods cannot share": Case(
        "busy: 0.8,", "busy: 0.1,", "busy: 0.1,", "objectives.saturation.busy", "more than 10% of the database's"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_promise_that_cannot_be_kept_is_refused_by_line_and_field(case: Case, tmp_path: Path) -> None:
    path = edited(tmp_path, (case.old, case.new))
    with pytest.raises(PromiseError) as refused:
        solvable_spec(path)
    told = [line for line in str(refused.value).splitlines() if f": {case.field}: " in line and case.message in line]
    assert told, str(refused.value)
    number = int(told[0].removeprefix(f"{path}:").partition(":")[0])
    assert case.blamed in path.read_text().splitlines()[number - 1]


def test_the_promise_itself_can_be_kept() -> None:
    assert list(faults(load_spec())) == []


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = edited(tmp_path, ("retention: 35d", "retention: 1d"), ("payments: 0.05", "payments: 0.0001"))
    with pytest.raises(PromiseError) as refused:
        solvable_spec(path)
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_a_promise_without_a_kind_of_alert_is_refused(severity: str, tmp_path: Path) -> None:
    other = {"page": "ticket", "ticket": "page"}[severity]
    text = PROMISE.read_text().replace(f"severity: {severity}, burn", f"severity: {other}, burn")
    (tmp_path / "slo.yaml").write_text(text)
    with pytest.raises(PromiseError, match=f"alerting.windows: expected at least one window that ends in a {severity}"):
        solvable_spec(tmp_path / "slo.yaml")


MISTAKES = {
    "a word for a number": ("minimum_bad_events: 10", "minimum_bad_events: few", "alerting.minimum_bad_events"),
    "no duration": ("for: {page: 2m,", "for: {page: soon,", "alerting.for.page"),
    "a name that is no key": ("slow_quantile: {for: 10m,", "slow_quantile: {for_: 10m,", "alerting.slow_quantile.for"),
    "a key nobody knows": ("edge: {share: 0.01,", "edge: {share: 0.01, shrae: 1,", "alerting.edge.shrae"),
    "a change nobody makes": ("except: [fix, security]", "except: [fixes, security]", "gate.tiers.2.except.0"),
    "a severity nobody hears": (
        "{severity: page, burn: 5.6",
        "{severity: mail, burn: 5.6",
        "alerting.windows.1.severity",
    ),
    "a share above all": ("throttled: {share: 0.05", "throttled: {share: 5", "alerting.throttled.share"),
    "no address": ("runbooks: https://", "runbooks: ftp://", "links.runbooks"),
    "a section that is missing": ("  restarts: 5", "  restart: 5", "alerting.platform.restarts"),
    "a target of everything": ("availability: {target: 0.999}", "availability: {target: 1}", "objectives.availability"),
    "tiers in the wrong order": ("{above: 0.25, verdict: warn}", "{above: 0.75, verdict: warn}", "gate.tiers"),
}


@pytest.mark.parametrize(("old", "new", "field"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_slip_of_the_pen_is_found_by_line_and_field(old: str, new: str, field: str, tmp_path: Path) -> None:
    path = edited(tmp_path, (old, new))
    with pytest.raises(PromiseError) as refused:
        load_spec(path)
    lines = [line for line in str(refused.value).splitlines() if f": {field}" in line]
    assert lines, str(refused.value)
    section = "tiers:" if field == "gate.tiers" else "  platform:" if "restarts" in field else new
    assert lines[0].startswith(f"{path}:{line_of(path, section)}: ")
