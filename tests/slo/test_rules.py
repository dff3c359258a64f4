import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from slo.rules.document import OUTPUT, alerts, document, write
from slo.ruletests import document as ruletests
from slo.ruletests.model import Fires, Holds, Silent
from slo.spec import Spec, load_spec
from tests.slo.edited import PROMISE, edited
from tests.slo.promql import program
from tests.slo.promtool import failures, without_recording, written

SPEC = load_spec()
RULES = write(SPEC)[OUTPUT]
TESTS = ruletests.write(SPEC)
WORLDS = list(ruletests.worlds(SPEC).values())

CONTRACT = {
    "page": {
        "SLOAvailabilityFastBurn",
        "SLOLatencyFastBurn",
        "SLOTicketsFastBurn",
        "TicketsOversold",
        "InvariantsBroken",
        "OutboxStalled",
        "PaymentsStalled",
        "EdgeErrorsHigh",
        "ProbeFailing",
        "PrescalingFailing",
        "SLIAbsent",
    },
    "ticket": {
        "SLOAvailabilitySlowBurn",
        "SLOLatencySlowBurn",
        "SLOTicketsSlowBurn",
        "SLOSaturationSlowBurn",
        "LatencyP95Breaching",
        "PageLoadSlow",
        "DatabaseSaturationHigh",
        "DatabasePoolWaitHigh",
        "DatabasePoolTimeouts",
        "EventDeadLettered",
        "ClientsThrottled",
        "PodCrashLooping",
        "PodOutOfMemory",
        "AutoscalerAtMaximum",
        "VolumeFillingUp",
        "CertificateExpiring",
        "LatencyBucketMissing",
        "TargetDown",
        "BudgetHistoryShort",
        "RuleEvaluationFailing",
    },
    None: {"Watchdog"},
}

# Each changes what many rules and their tests follow from. Evaluated half as often, they take half the time.
VARIATIONS = {
    "stricter": [
        ("availability: {target: 0.999}", "availability: {target: 0.9995}"),
        ("{target: 0.95, under: 0.8}", "{target: 0.98, under: 0.6}"),
        ("busy: 0.8, slice: 5m", "busy: 0.7, slice: 5m"),
        ("under: 30}", "under: 10}"),
        ("evaluation_interval: 30s", "evaluation_interval: 1m"),
    ],
    "looser": [
        ("availability: {target: 0.999}", "availability: {target: 0.99}"),
        ("{target: 0.99, under: 2.5}", "{target: 0.98, under: 10}"),
        ("minimum_bad_events: 10", "minimum_bad_events: 25"),
        ("outbox_oldest: 120", "outbox_oldest: 600"),
        ("throttled: {share: 0.05", "throttled: {share: 0.2"),
        ("evaluation_interval: 30s", "evaluation_interval: 1m"),
    ],
    "other windows": [
        ("window: 28d", "window: 14d"),
        ("burn: 13.44, long: 1h, short: 5m", "burn: 10, long: 2h, short: 10m"),
        ("{severity: page, burn: 5.6, long: 6h, short: 30m}", "{severity: page, burn: 4, long: 12h, short: 5m}"),
        ("for: {page: 2m, ticket: 15m}", "for: {page: 4m, ticket: 10m}"),
        ("keep_firing: {page: 5m, ticket: 15m}", "keep_firing: {page: 10m, ticket: 5m}"),
        ("evaluation_interval: 30s", "evaluation_interval: 1m"),
    ],
}


def rules_of(spec: Spec) -> list[dict[str, Any]]:
    return [rule for group in document(spec)["groups"] for rule in group["rules"] if "alert" in rule]


def test_the_alerts_are_those_of_the_contract() -> None:
    found: dict[str | None, set[str]] = {}
    for alert in alerts(SPEC):
        found.setdefault(alert.severity, set()).add(alert.name)
    assert found == CONTRACT


@pytest.mark.parametrize("rule", rules_of(SPEC), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_it_is_about_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["annotations"]["runbook_url"] == SPEC.links.runbook(rule["alert"])
    assert "$value" in rule["annotations"]["description"]
    assert rule["annotations"]["summary"]
    assert "slo" in rule["labels"] or "slo" in rule["expr"]
    if rule["labels"].get("severity"):
        assert "keep_firing_for" in rule


@pytest.mark.parametrize("matcher", ["job=", "job=~", "namespace=", "namespace=~"])
def test_no_rule_depends_on_how_the_service_is_scraped(matcher: str) -> None:
    assert re.search(rf"\b{matcher}", RULES) is None


def test_promtool_has_nothing_against_the_rules() -> None:
    checked = subprocess.run(
        [program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", PROMISE.parent / OUTPUT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def records(test: str) -> bool:
    """Whether it is about what is recorded of objectives."""
    return test.startswith(("burning", "history"))


@pytest.mark.parametrize("alert", [alert.name for alert in alerts(SPEC)])
def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not(alert: str) -> None:
    checks = [check for world in WORLDS for check in world.checks if not isinstance(check, Holds)]
    kinds = {type(check) for check in checks if check.alert == alert}
    assert kinds == ({Fires} if alert == "Watchdog" else {Fires, Silent})


@pytest.mark.parametrize("changes", VARIATIONS.values(), ids=VARIATIONS.keys())
def test_other_numbers_can_be_read(changes: list[tuple[str, str]], tmp_path: Path) -> None:
    """What the slow test below begins with: of a promise that was changed it may be the first to fail."""
    assert load_spec(edited(tmp_path, *changes)) != SPEC


@pytest.mark.parametrize("changes", VARIATIONS.values(), ids=VARIATIONS.keys())
def test_other_numbers_make_other_rules_whose_tests_pass(changes: list[tuple[str, str]], tmp_path: Path) -> None:
    spec = load_spec(edited(tmp_path, *changes))
    rules = write(spec)[OUTPUT]
    assert rules != RULES
    tests = written(spec, tmp_path)
    assert failures(test for test in tests if records(test.stem)) == {}
    (tmp_path / OUTPUT).write_text(without_recording(rules), encoding="utf-8")
    assert failures(test for test in tests if not records(test.stem)) == {}


# A mistake that a rule could have, and the tests that must not pass with it.
MUTATIONS = {
    "bad requests are not counted": ('{outcome="bad"}[1h]', '{outcome="worse"}[1h]', "burning-1"),
    "a burn ten times faster is waited for": ("> 13.44", "> 13.6", "pairs-1"),
    "the short window is not asked": (
        'ratio5m{slo="availability"} > 13.44',
        'ratio5m{slo="availability"} > 0',
        "pairs-1",
    ),
    "a handful of bad events is enough": (
        '{slo="availability"} * 3600 >= 10',
        '{slo="availability"} * 3600 >= 0',
        "pairs-1",
    ),
    "a window is counted as shorter than it is": ("* 21600 >= 10", "* 3600 >= 10", "pairs-2"),
    "errors count as quick answers": ('count{outcome="good"}[1h]', 'count{outcome=~"good|bad"}[1h]', "burning-1"),
    "a wrong edge is taken": ('outcome="good",le="0.8"}[1h]', 'outcome="good",le="2.5"}[1h]', "burning-3"),
    "ratios are averaged": (
        "slo:bad:rate28d / (slo:events:rate28d > 0)",
        "avg_over_time(slo:errors:ratio5m[28d])",
        "history-1",
    ),
    "a quiet time is no number": ("/ (slo:events:rate5m > 0)", "/ slo:events:rate5m", "history-1"),
    "the calm pods hide the busy one": ("max(pod:db_pool_busy:ratio)", "avg(pod:db_pool_busy:ratio)", "database-1"),
    "waits of all pods are thrown together": ("sum by (instance, le)", "sum by (le)", "database-1"),
    "a full pool for a moment is enough": ("for: 15m", "for: 1m", "database-2"),
    "the outbox may be as old as it is": ("> 120", ">= 0", "correctness-2"),
    "one refused client is enough": ('"429"}[5m])) >= 10', '"429"}[5m])) >= 0', "edge-1"),
    "a probe that never booked is none": (
        " or max by (namespace) (kube_cronjob_created",
        " and max by (namespace) (kube_cronjob_created",
        "edge-1",
    ),
    "a suspended probe is a failing one": (
        "\n      unless max by (namespace)",
        "\n      or max by (namespace)",
        "edge-1",
    ),
    "no target is no error": ("or 0 * sum", "or -1 * sum", "edge-1"),
    "an old memory kill is news": (
        "\n      and max by (namespace, pod, container)",
        "\n      or max by (namespace, pod, container)",
        "platform-1",
    ),
    "absence is not noticed": (
        'absent(http_request_duration_seconds_count{journey="browse"})',
        "absent(vector(1))",
        "measurement-2",
    ),
    "a missing edge is not noticed": (
        'unless count by (instance) (http_request_duration_seconds_bucket{le="0.8"})',
        "unless vector(1)",
        "measurement-2",
    ),
    "young history is a fault": ("< 0.017857", "< 1", "measurement-3"),
    "few views are enough": ("_seconds_count[1h])) >= 60", "_seconds_count[1h])) >= 0", "pages-1"),
}


@pytest.mark.parametrize(("right", "wrong", "test"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_wrong_rule_fails_its_tests(right: str, wrong: str, test: str, tmp_path: Path) -> None:
    assert right in RULES
    assert "FAILED" in said_to(RULES.replace(right, wrong), test, tmp_path)


@pytest.mark.parametrize("test", sorted({test for _, _, test in MUTATIONS.values() if not records(test)}))
def test_the_right_rules_pass_without_those_that_are_left_out_for_speed(test: str, tmp_path: Path) -> None:
    assert said_to(RULES, test, tmp_path) == ""


def said_to(rules: str, test: str, folder: Path) -> str:
    tests = folder / ruletests.FOLDER / f"{test}.yaml"
    tests.parent.mkdir(parents=True)
    tests.write_text(TESTS[tests.relative_to(folder)], encoding="utf-8")
    (folder / OUTPUT).write_text(rules if records(test) else without_recording(rules), encoding="utf-8")
    return failures([tests]).get(tests.name, "")
