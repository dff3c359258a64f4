"""What follows from the figures of a load test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from slo.spec import load_spec
from tools.load.crosscheck import compare
from tools.load.exposition import Reading, Series
from tools.load.judging import carried, judge
from tools.load.scenarios import SCENARIOS
from tools.load.summary import Limit, Summary, Tags
from tools.load.tables import table
from tools.load.watching import Moment

MIB = 2**20
BOOK: Tags = (("journey", "book"),)


def summary(*limits: Limit, rows: Sequence[Mapping[str, float]] = ()) -> Summary:
    """Of a test that visited in these steps, with these thresholds."""
    metrics: dict[str, object] = {}
    for row in rows:
        of = f"{{journey:book,step:{row['step']:.0f}}}" if "step" in row else "{journey:book}"
        metrics[f"journey_requests{of}"] = {"values": {"count": row["requests"], "rate": row["requests"] / 10}}
        metrics[f"journey_failed{of}"] = {"values": {"passes": row.get("failed", 0)}}
        metrics[f"journey_within_800ms{of}"] = {"values": {"rate": row.get("within", 1.0)}}
    return Summary(10.0, metrics, tuple(limits), ("browse", "book", "account"))


def limit(tags: Tags, *, met: bool) -> Limit:
    return Limit("journey_failed", tags, "rate<=0.001", met, "0.02")


def of_step(step: int) -> Tags:
    return (*BOOK, ("step", str(step)))


def soaked(*memory: float) -> list[Moment]:
    """Moments of a soak, with so many MiB in use in each third of it."""
    return [Moment(float(at), 1.0, 0.0, 0.1, 0.1, mib * MIB) for mib in memory for at in range(20)]


def test_a_climb_carries_what_it_carried_before_the_first_step_that_missed() -> None:
    steps = [{"step": step, "requests": 100} for step in (20, 25, 31, 39)]
    climbed = summary(*(limit(of_step(step), met=step != 31) for step in (20, 25, 31, 39)), rows=steps)
    assert carried(climbed) == (25, 31)
    assert judge(SCENARIOS["stress"], climbed, [], floor=25).passed
    assert not judge(SCENARIOS["stress"], climbed, [], floor=26).passed


def test_a_climb_fails_by_what_belongs_to_no_step() -> None:
    climbed = summary(
        limit(of_step(20), met=True),
        Limit("invariants_broken", (), "count==0", met=False, measured="1"),
        rows=[{"step": 20, "requests": 100}],
    )
    assert judge(SCENARIOS["stress"], climbed, [], floor=20).problems == ("invariants_broken count==0: 1",)


def test_a_step_whose_visits_could_not_begin_is_not_kept() -> None:
    dropped = Limit("dropped_iterations", (("scenario", "step_20"),), "count==0", met=False, measured="3")
    climbed = summary(limit(of_step(20), met=True), dropped, rows=[{"step": 20, "requests": 100}])
    assert carried(climbed) == (0, 20)


def test_a_soak_fails_when_the_memory_grows_after_its_first_third() -> None:
    soak = SCENARIOS["soak"]
    assert judge(soak, summary(), soaked(80, 120, 125)).passed
    (problem,) = judge(soak, summary(), soaked(80, 120, 140)).problems
    assert problem == "memory 120 MiB in the second third, 140 MiB in the last: it grows by more than 10%"


@pytest.mark.parametrize("moments", [[], soaked(80, 120, 125)[:29]])
def test_a_soak_fails_when_nobody_saw_enough_of_the_memory(moments: Sequence[Moment]) -> None:
    (problem,) = judge(SCENARIOS["soak"], summary(), moments).problems
    assert problem.startswith(f"the memory cannot be judged: it was seen {len(moments)} times and must be 30 times")


def test_a_climb_fails_where_the_shop_has_become_half_as_fast_as_it_was() -> None:
    steps = (20, 25, 31, 39, 49, 61, 76)
    rows = [{"step": step, "requests": 100} for step in steps]
    for carries, passes in ((76, True), (49, True), (39, False)):
        limits = [limit(of_step(step), met=step <= carries) for step in steps]
        assert judge(SCENARIOS["stress"], summary(*limits, rows=rows), []).passed is passes


def test_the_table_says_which_journeys_were_kept() -> None:
    figures = summary(limit(BOOK, met=False), rows=[{"requests": 1200, "failed": 24, "within": 0.951}])
    *_, row = table(SCENARIOS["happy"], figures).splitlines()
    assert [cell.strip() for cell in row.strip("|").split("|")][:3] == ["book", "1,200", "120.0"]
    assert [cell.strip() for cell in row.strip("|").split("|")][-3:] == ["95.10%", "24", "NOT KEPT"]


def counters(good: int, bad: int, quick: int, started: float = 1.0) -> Reading:
    """What the shop says of its bookings. quick: good ones within 0.8 s."""

    def series(name: str, **labels: str) -> Series:
        return Series(name, frozenset({**labels, "journey": "book"}.items()))

    return {
        Series("process_start_time_seconds", frozenset()): started,
        series("http_request_duration_seconds_count", outcome="good"): good,
        series("http_request_duration_seconds_count", outcome="bad"): bad,
        series("http_request_duration_seconds_bucket", outcome="good", le="0.8"): quick,
    }


def compared(before: Reading, after: Reading, **row: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    comparison = compare(load_spec(), summary(rows=[row]), before, after)
    return comparison.says, comparison.unexplained


def test_what_both_have_counted_needs_no_explanation() -> None:
    says, unexplained = compared(counters(10, 1, 9), counters(1010, 3, 1009), requests=1002, failed=2)
    assert says[0] == "book: 1,002 requests and 2 bad ones on both sides"
    assert not unexplained


def test_requests_that_never_reached_the_shop_are_explained_by_k6s_failures() -> None:
    says, unexplained = compared(counters(0, 0, 0), counters(900, 0, 900), requests=1000, failed=100)
    assert "100 were refused or cut on the way" in says[0]
    assert not unexplained


def test_good_answers_that_the_shop_never_gave_are_not_explained() -> None:
    _, unexplained = compared(counters(0, 0, 0), counters(900, 0, 900), requests=1000, failed=0)
    assert len(unexplained) == 1


def test_a_shop_that_others_load_too_has_counted_more() -> None:
    _, unexplained = compared(counters(0, 0, 0), counters(1500, 0, 1500), requests=1000, failed=0)
    assert "500 were not k6's" in unexplained[0]


def test_requests_that_k6_cut_when_it_ended_are_as_many_as_people_were_inside() -> None:
    figures = summary(rows=[{"requests": 1000}])
    crowded = Summary(10.0, {**figures.metrics, "vus": {"values": {"max": 60}}}, (), figures.journeys)
    spec, before = load_spec(), counters(0, 0, 0)
    assert not compare(spec, crowded, before, counters(1060, 0, 1060)).unexplained
    assert compare(spec, crowded, before, counters(1061, 0, 1061)).unexplained


def test_time_in_the_queue_of_connections_is_why_k6_saw_less_than_the_shop() -> None:
    says, unexplained = compared(counters(0, 0, 0), counters(1000, 0, 1000), requests=1000, failed=0, within=0.97)
    assert (
        "97.00% under 0.8 s by k6, 100.00% by the shop's histogram: for k6 a request begins with its connection"
        in says[1]
    )
    assert not unexplained


def test_a_shop_that_was_started_meanwhile_is_not_compared() -> None:
    says, _ = compared(counters(0, 0, 0), counters(5, 0, 5, started=2.0), requests=1000)
    assert says == ("not compared: a backend was started meanwhile, and its counters began anew",)
