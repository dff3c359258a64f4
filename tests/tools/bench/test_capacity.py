"""The capacity model: it grows as demand does, and says what a machine of ours really does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdk.settings import environment
from cdk.settings.database import connections_of
from cdk.settings.sale import HOLDING, READING
from tools.bench import capacity
from tools.bench.capacity import Demand, holds_of_one_pool, plan
from tools.console import Failure

PROD = environment("prod")


def planned(buyers: float, comers: float = 1) -> capacity.Plan:
    return plan(Demand(buyers, comers), PROD.backend, PROD.worker)


@given(st.floats(1, 20_000), st.floats(1, 20_000), st.floats(1, 50))
def test_more_buyers_never_need_less(some: float, others: float, comers: float) -> None:
    few, many = (planned(buyers, comers) for buyers in sorted((some, others)))
    assert few.pods <= many.pods
    assert few.database_cpu <= many.database_cpu
    assert few.instance is not None or many.instance is None


@given(st.floats(1, 20_000), st.floats(1, 50))
def test_the_planned_pods_have_the_cpu_and_the_database_the_connections(buyers: float, comers: float) -> None:
    needed = planned(buyers, comers)
    assert needed.pods * PROD.backend.cores * 0.6 >= Demand(buyers, comers).backend
    if needed.instance is not None:
        assert connections_of(needed.instance) * 0.7 >= needed.connections


def test_whoever_comes_in_vain_costs_a_hold_and_no_booking() -> None:
    alone, crowded = Demand(100), Demand(100, comers=11)
    assert crowded.backend - alone.backend == pytest.approx(1000 * (HOLDING + 2 * READING))


def test_slower_commits_leave_fewer_holds_of_one_event() -> None:
    assert holds_of_one_pool(commit=0.02) < holds_of_one_pool(commit=0.002) < 100_000


def test_it_says_what_is_needed_and_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert capacity.main(["--buyers", "2000"]) == 0
    shown = capsys.readouterr().out
    assert "| backend pods" in shown
    assert f"| {PROD.database.instance}" in shown


def test_what_no_database_carries_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Failure, match="waiting room"):
        capacity.main(["--buyers", "1000000"])
    assert "| database            | none" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--buyers", "0"], ["--buyers", "some"], []])
def test_a_demand_is_a_number_above_zero(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        capacity.main(arguments)


def test_an_unknown_environment_is_named() -> None:
    with pytest.raises(Failure, match="staging"):
        capacity.main(["--buyers", "1", "--env", "staging"])


def test_a_pod_of_many_cores_uses_one() -> None:
    large = replace(PROD.backend, cpu="4")
    assert (
        plan(Demand(10_000), large, PROD.worker).pods == plan(Demand(10_000), replace(large, cpu="1"), PROD.worker).pods
    )
