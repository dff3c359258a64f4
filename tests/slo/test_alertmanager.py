from typing import Any

import pytest

from slo.alertmanager import RECEIVERS, configuration
from slo.rules.document import alerts, document
from slo.spec import load_spec

SPEC = load_spec()
CONFIGURATION = configuration(SPEC)
EXPECTED = {"page": "page", "ticket": "ticket", None: "watchdog"}


def matches(matchers: list[str], labels: dict[str, str]) -> bool:
    pairs = (matcher.split("=", 1) for matcher in matchers)
    return all(labels.get(name) == value.strip('"') for name, value in pairs)


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


def test_a_ticket_is_not_written_for_what_somebody_is_paged_for() -> None:
    (rule,) = CONFIGURATION["inhibit_rules"]
    page, ticket = labels_of("SLOAvailabilityFastBurn"), labels_of("SLOAvailabilitySlowBurn")
    assert matches(rule["source_matchers"], page)
    assert matches(rule["target_matchers"], ticket)
    assert all(page.get(name) == ticket.get(name) for name in rule["equal"])
    assert page["slo"] != labels_of("TargetDown")["slo"]


def test_every_receiver_has_an_address_that_is_not_in_the_repository() -> None:
    found = {each["name"]: each["webhook_configs"][0] for each in CONFIGURATION["receivers"]}
    assert set(found) == set(RECEIVERS)
    assert all(set(each) == {"url_file", "send_resolved"} for each in found.values())


def test_the_watchdog_is_sent_more_often_than_anybody_may_miss_it() -> None:
    (route,) = [each for each in CONFIGURATION["route"]["routes"] if each["receiver"] == "watchdog"]
    assert route["repeat_interval"] == "1m"
