"""The export to OpenSLO v1: what the specification asks, nothing that points nowhere, and our own numbers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from slo import openslo
from slo.objectives import objectives
from slo.rules import document
from slo.rules.model import Recording
from slo.spec import load_spec
from tests.slo import promql

SPEC = load_spec()
SCHEMA = json.loads(Path(__file__).with_name("openslo.schema.json").read_text(encoding="utf-8"))

Document = dict[str, Any]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    """As they are read back from the file."""
    (text,) = openslo.write(SPEC).values()
    return list(yaml.safe_load_all(text))


def of(kind: str, documents: list[Document]) -> dict[str, Document]:
    return {each["metadata"]["name"]: each["spec"] for each in documents if each["kind"] == kind}


def queries(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (text for name, text in value.items() if name == "query")
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from queries(each)


def test_every_document_is_as_the_specification_asks(documents: list[Document]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [error.message for each in documents for error in validator.iter_errors(each)] == []


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("SLO", {"budgetingMethod": "Guessing"}),
        ("SLO", {"objectives": [{"target": 1.0}]}),
        ("SLO", {"timeWindow": [{"duration": "28 days", "isRolling": True}]}),
        ("AlertPolicy", {"conditions": []}),
        ("AlertCondition", {"condition": {"kind": "burnrate"}}),
    ],
)
def test_the_schema_refuses_what_the_specification_does_not_know(
    documents: list[Document], kind: str, change: Document
) -> None:
    wrong = next(each for each in documents if each["kind"] == kind)
    wrong = {**wrong, "spec": {**wrong["spec"], **change}}
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(wrong)


def test_every_reference_leads_somewhere(documents: list[Document]) -> None:
    policies, conditions = of("AlertPolicy", documents), of("AlertCondition", documents)
    for slo in of("SLO", documents).values():
        assert slo["service"] in of("Service", documents)
        assert {each["alertPolicyRef"] for each in slo["alertPolicies"]} <= policies.keys()
    for policy in policies.values():
        assert {each["conditionRef"] for each in policy["conditions"]} <= conditions.keys()
        assert {each["targetRef"] for each in policy["notificationTargets"]} <= of(
            "AlertNotificationTarget", documents
        ).keys()


def test_names_are_given_once(documents: list[Document]) -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in documents]
    assert len(names) == len(set(names))


def test_there_is_one_for_each_objective_and_journey_with_its_target(documents: list[Document]) -> None:
    promised = {
        f"{objective.name}-{journey}" if journey else objective.name: objective.target
        for objective in objectives(SPEC)
        for journey in objective.events_per_second
    }
    slos = of("SLO", documents)
    assert {name: slo["objectives"][0]["target"] for name, slo in slos.items()} == promised


def test_indicators_parse_and_name_what_our_rules_record(documents: list[Document], tmp_path: Path) -> None:
    found = list(queries(documents))
    recorded = {rule.name for group in document.groups(SPEC) for rule in group.rules if isinstance(rule, Recording)}
    assert promql.faults(found, tmp_path) == ""
    assert {name for query in found for name in promql.metrics(query)} <= recorded


def test_conditions_are_the_burn_windows(documents: list[Document]) -> None:
    thresholds = [each["condition"]["threshold"] for each in of("AlertCondition", documents).values()]
    assert thresholds == [window.burn for window in SPEC.alerting.windows]
