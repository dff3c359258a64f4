"""What people read of the promise says what slo.yaml says."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from slo import docs
from slo.spec import Spec, load_spec

SPEC = load_spec()


def promise(spec: Spec = SPEC) -> str:
    return docs.write(spec)[docs.PROMISE]


def policy(spec: Spec = SPEC) -> str:
    return docs.write(spec)[docs.POLICY]


def test_every_route_and_every_kind_of_answer_is_there_once() -> None:
    text = promise()
    for route in (*SPEC.route_journeys, *SPEC.excluded_routes):
        assert text.count(f"`{route}`") == 1
    for rule in SPEC.classification:
        assert re.search(rf"^\| {rule.status} \| .* \| {rule.outcome} \|$", text, re.MULTILINE)


def test_a_stricter_target_leaves_a_smaller_budget_and_is_noticed_sooner() -> None:
    stricter = SPEC.objectives.availability.model_copy(update={"target": 0.9995})
    text = promise(
        SPEC.model_copy(update={"objectives": SPEC.objectives.model_copy(update={"availability": stricter})})
    )
    assert "| Requests answered well | **99.95 %** |" in text
    assert "| Requests answered well | 0.05 % | 20 min 10 s | browse 2,419 of 4,838,400<br>" in text
    assert "| 1h, 5m | 13.44 | > 0.672 % |" in text


def test_another_window_is_named_as_it_is() -> None:
    assert "Over any 7 days," in promise(SPEC.model_copy(update={"window": timedelta(days=7)}))


def test_the_tiers_of_the_policy_are_those_of_the_gate() -> None:
    first, *others = SPEC.gate.tiers
    tiers = (first.model_copy(update={"above": 0.6}), *others)
    text = policy(SPEC.model_copy(update={"gate": SPEC.gate.model_copy(update={"tiers": tiers, "coverage": 0.8})}))
    assert "| more than 60 % | allow | everything |" in text
    assert "| more than 25 %, up to 60 % | warn |" in text
    assert "when less than 80 % of the 28 days was measured" in text


def test_every_tier_is_explained() -> None:
    for verdict in {tier.verdict for tier in SPEC.gate.tiers}:
        assert re.search(rf"^\* \*\*{verdict}\b", policy(), re.MULTILINE)


@pytest.mark.parametrize("path", [docs.PROMISE, docs.POLICY])
def test_every_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", docs.write(SPEC)[path])
    assert links
    assert [link for link in links if not (path.parent / link).exists()] == []
