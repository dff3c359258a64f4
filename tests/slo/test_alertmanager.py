import re
from typing import Any

import pytest

from slo.alertmanager import RECEIVERS, configuration
from slo.rules.document import alerts, document
from slo.spec import load_spec

SPEC = load_spec()
CONFIGURATION = configuration(SPEC)
EXPECTED = {"page": "page", "ticket": "ticket", None: "watchdog"}


def matches(matchers: list[str], labels: dict[str, str]) -> bool:
    """As Alertmanager reads them: name, one of = != =~ !~, and a quoted value; what is not there is empty."""

    def fits(matcher: str) -> bool:
        parts = re.fullmatch(r'(\w+)(!?)(=?)(~?)"(.*)"', matcher)
        assert parts is not None, matcher
        name, negated, _, pattern, value = parts.groups()
        given = labels.get(name, "")
        found = re.fullmatch(value, given) is not None if pattern else given == value
        return found != bool(negated)

    return all(map(fits, matchers))


def silences(page: dict[str, str], ticket: dict[str, str]) -> bool:
    return any(
        matches(rule["source_matchers"], page)
        and matches(rule["target_matchers"], ticket)
        and all(page.get(name) == ticket.get(name) for name in rule["equal"])
        for rule in CONFIGURATION["inhibit_rules"]
    )


def receiver_of(labels: dict[str, str]) -> str:
    """Of the first route that fits, else the root's, as Alertmanager chooses."""
    route = CONFIGURATION["route"]
    found = (each["receiver"] for each in route["routes"] if matches(each["matchers"], labels))
    return str(next(found, route["receiver"]))


def labels_of(name: str) -> dict[str, str]:
    rules = [rule for group in document(SPEC)["groups"] for rule in group["rules"]]
    (rule,) = [rule for rule in rules if rule.get("alert") == name]
    return {"alertname": name, **rule["labels"]}


@pytest.mark.parametrize("alert", alerts(SPEC), ids=lambda alert: alert.name)
def test_every_alert_goes_to_whoever_its_severity_means(alert: Any) -> None:
    assert receiver_of(labels_of(alert.name)) == EXPECTED[alert.severity]


def test_what_has_no_severity_is_not_lost() -> None:
    assert receiver_of({"alertname": "OfSomebodyElse"}) == "ticket"


@pytest.mark.parametrize(
    ("name", "severity", "receiver"),
    [
        ("KubeletDown", "critical", "page"),
        ("KubePodCrashLooping", "warning", "ticket"),
        ("CPUThrottlingHigh", "info", "silent"),
        ("InfoInhibitor", "none", "silent"),
        ("Watchdog", "none", "watchdog"),
    ],
)
def test_alerts_of_the_monitoring_itself_go_where_their_severity_means(name: str, severity: str, receiver: str) -> None:
    assert receiver_of({"alertname": name, "severity": severity}) == receiver


def test_a_ticket_is_not_written_for_what_somebody_is_paged_for() -> None:
    assert silences(labels_of("SLOAvailabilityFastBurn"), labels_of("SLOAvailabilitySlowBurn"))


def test_a_page_for_any_latency_of_a_journey_covers_the_tickets_for_all_of_them() -> None:
    page, ticket = labels_of("SLOLatencyFastBurn"), labels_of("LatencyP95Breaching")
    slow = page | {"slo": "latency-2500ms", "journey": "book"}
    assert silences(slow, ticket | {"journey": "book"})
    assert not silences(slow, ticket | {"journey": "browse"})


@pytest.mark.parametrize("ticket", ["TargetDown", "RuleEvaluationFailing", "LatencyBucketMissing"])
def test_what_explains_that_nothing_is_measured_is_told_beside_the_page(ticket: str) -> None:
    assert not silences(labels_of("SLIAbsent"), labels_of(ticket))


def test_every_receiver_has_an_address_that_is_not_in_the_repository() -> None:
    *told, silent = CONFIGURATION["receivers"]
    found = {each["name"]: each["webhook_configs"][0] for each in told}
    assert (set(found), silent) == (set(RECEIVERS), {"name": "silent"})
    assert all(set(each) == {"url_file", "send_resolved"} for each in found.values())


def test_the_watchdog_is_sent_more_often_than_anybody_may_miss_it() -> None:
    (route,) = [each for each in CONFIGURATION["route"]["routes"] if each["receiver"] == "watchdog"]
    assert route["repeat_interval"] == "1m"
