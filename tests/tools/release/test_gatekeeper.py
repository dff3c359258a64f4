"""Who asks the error budgets, and what comes of their answer."""

import re

import pytest

from tests.tools.release.stand_ins import World, deployed, first
from tools.console import Failure
from tools.release.deploy import ask

only_dev = pytest.mark.parametrize("env", ["dev"], indirect=True)
only_prod = pytest.mark.parametrize("env", ["prod"], indirect=True)


@only_prod
@pytest.mark.parametrize("answer", ["20", "30", "2"])
def test_prod_is_left_alone_when_the_gate_does_not_allow_it(world: World, answer: str) -> None:
    with pytest.raises(Failure, match=f"the gate answers {answer}, .*docs/error-budgets.md"):
        deployed(world.changed(GATE=answer))
    assert world.asked[-1] == "python -m slo gate --prometheus http://127.0.0.1:54321"
    assert [line for line in world.asked if re.match("cdk|docker", line)] == []


@only_prod
def test_a_warning_of_the_gate_lets_prod_pass(world: World) -> None:
    asked = deployed(
        world.changed(GATE="10"), CHANGE="fix", BOOTSTRAP="2026-12-24", PROMETHEUS_URL="http://prometheus:9090"
    )
    assert "python -m slo gate --prometheus http://prometheus:9090 --change fix --bootstrap 2026-12-24" in asked
    assert first(asked, "^python -m tools.release.smoke") > 0


@only_prod
def test_the_gate_can_be_asked_alone(world: World) -> None:
    ask(world.site(), {"CHANGE": "fix"})
    assert world.asked[-1].endswith("slo gate --prometheus http://127.0.0.1:54321 --change fix")
    assert [line for line in world.asked if re.match("cdk|docker", line) or " apply " in line] == []
    with pytest.raises(Failure, match="the gate answers 20"):
        ask(world.changed(GATE="20").site(), {})


@only_prod
@pytest.mark.parametrize("missing", [{"NO_CLUSTER": "1"}, {"BACKEND": ""}])
def test_before_anything_sells_there_is_no_budget_to_ask_for(world: World, missing: dict[str, str]) -> None:
    asked = deployed(world.changed(**missing))
    assert [line for line in asked if "slo gate" in line] == []
    assert first(asked, "^python -m tools.release.smoke") > 0


@only_dev
def test_dev_needs_no_gate(world: World) -> None:
    assert [line for line in deployed(world) if "slo gate" in line or "port-forward" in line] == []
