"""The gate's verdicts, by what Prometheus has recorded: above all, that what is not known is no yes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from slo.gate.measured import Place, places
from slo.spec import Spec
from tests.prometheus import (
    FakePrometheus,
)
from tests.slo.gated import BOOK, Gate, ask, page, recorded

ALLOW, WARN, BLOCK, UNKNOWN = 0, 10, 20, 30
DAY = 86400.0


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


def young(spec: Spec, days: float, coverage: float | None = None) -> FakePrometheus:
    """One that began to measure so many days ago, and did so all along unless the coverage says other."""
    covered = days / spec.window.days if coverage is None else coverage
    history = {place: days * DAY for _, place in places(spec)}
    return FakePrometheus(recorded(spec, coverage=covered), history=history)


async def test_with_most_of_every_budget_left_it_allows(gate: Gate, spec: Spec) -> None:
    answer = await ask(gate, FakePrometheus(recorded(spec)))
    assert (answer.code, answer.report["verdict"], answer.report["exit_code"]) == (ALLOW, "allow", 0)
    assert answer.out.startswith("allow: release (feature)\n")


@pytest.mark.parametrize(
    ("left", "change", "expected"),
    [
        (0.51, "feature", ALLOW), (0.5, "feature", WARN), (0.26, "feature", WARN), (0.25, "feature", BLOCK),
        (0.01, "feature", BLOCK), (0.0, "feature", BLOCK), (-3.0, "feature", BLOCK),
        (0.1, "fix", WARN), (0.0, "fix", BLOCK), (-0.1, "fix", BLOCK),
        (0.1, "security", WARN), (0.0, "security", WARN), (-3.0, "security", WARN),
        (-3.0, "rollback", ALLOW),
    ],
)  # fmt: skip
async def test_the_budget_left_decides_by_its_tier(
    gate: Gate, spec: Spec, left: float, change: str, expected: int
) -> None:
    answer = await ask(gate, FakePrometheus(recorded(spec, BOOK, left=left)), "--change", change)
    assert answer.code == expected


async def test_it_names_the_objective_and_journey_whose_budget_is_gone(gate: Gate, spec: Spec) -> None:
    answer = await ask(gate, FakePrometheus(recorded(spec, ("latency-800ms", "account"), left=-0.5)))
    assert "block   budget     latency-800ms (account): -50.0% of the budget are left" in answer.out
    assert answer.found("budget", ("latency-800ms", "account"))["value"] == -0.5


async def test_a_firing_page_blocks_on_any_history(gate: Gate, spec: Spec) -> None:
    fake = young(spec, days=0.01)
    fake.recorded.append(page("SLOAvailabilityFastBurn", slo="availability", journey="book"))
    answer = await ask(gate, fake, "--bootstrap", soon(days=1))
    assert answer.code == BLOCK
    assert answer.found("alert")["says"] == "SLOAvailabilityFastBurn is firing"


@pytest.mark.parametrize("change", ["feature", "fix", "security"])
async def test_a_firing_page_blocks_every_change_but_a_rollback(gate: Gate, spec: Spec, change: str) -> None:
    fake = FakePrometheus([*recorded(spec), page("TicketsOversold", slo="correctness")])
    assert (await ask(gate, fake, "--change", change)).code == BLOCK
    assert (await ask(gate, fake, "--change", "rollback")).code == ALLOW


async def test_a_firing_ticket_blocks_nothing(gate: Gate, spec: Spec) -> None:
    ticket = page("SLOAvailabilitySlowBurn", severity="ticket")
    assert (await ask(gate, FakePrometheus([*recorded(spec), ticket]))).code == ALLOW


async def test_a_fast_burn_blocks_on_any_history(gate: Gate, spec: Spec) -> None:
    answer = await ask(gate, FakePrometheus(recorded(spec, BOOK, burn=14, coverage=0.001)))
    assert answer.code == BLOCK
    assert answer.found("burn")["says"] == "burns 14 times too fast over 1h, more than 13.44"


async def test_a_burn_at_the_limit_blocks_nothing(gate: Gate, spec: Spec) -> None:
    assert (await ask(gate, FakePrometheus(recorded(spec, BOOK, burn=13.44)))).code == ALLOW


async def test_a_handful_of_bad_events_in_a_quiet_hour_blocks_nothing(gate: Gate, spec: Spec) -> None:
    answer = await ask(gate, FakePrometheus(recorded(spec, BOOK, burn=50, events=20 / 3600, bad=1 / 3600)))
    assert answer.code == WARN
    assert answer.found("burn")["says"].endswith("but by fewer than 10 events")


async def test_a_busy_pool_that_nobody_notices_warns(gate: Gate, spec: Spec) -> None:
    assert (await ask(gate, FakePrometheus(recorded(spec, ("saturation", ""), burn=100)))).code == WARN


async def test_an_hour_without_events_is_no_lack_of_knowledge(gate: Gate, spec: Spec) -> None:
    fake = FakePrometheus(recorded(spec, ("tickets", ""), burn=None, events=0, bad=0))
    assert (await ask(gate, fake)).code == ALLOW


async def test_a_window_without_events_leaves_the_whole_budget(gate: Gate, spec: Spec) -> None:
    idle = recorded(spec, ("tickets", ""), left=None, burn=None, events=0, bad=0, all_events=0)
    answer = await ask(gate, FakePrometheus(idle))
    assert answer.code == ALLOW
    assert answer.found("budget", ("tickets", ""))["says"] == "no events within 28d: the whole budget is left"


@pytest.mark.parametrize("wrong", [{"coverage": 0.5}, {"all_events": float("nan")}, {"age": 900.0}, {"left": -1.0}])
async def test_what_only_looks_like_no_events_is_no_yes(gate: Gate, spec: Spec, wrong: dict[str, float]) -> None:
    values = {"left": None, "burn": None, "events": 0, "bad": 0, "all_events": 0, **wrong}
    answer = await ask(gate, FakePrometheus(recorded(spec, ("tickets", ""), **values)))
    assert answer.code == (BLOCK if "left" in wrong else UNKNOWN)


async def test_a_recorded_burn_counts_though_no_events_are_recorded(gate: Gate, spec: Spec) -> None:
    assert (await ask(gate, FakePrometheus(recorded(spec, BOOK, burn=50, events=0, bad=1)))).code == BLOCK


@pytest.mark.parametrize("name", ["left", "coverage", "burn"])
@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
async def test_what_is_missing_or_no_number_is_unknown(gate: Gate, spec: Spec, name: str, value: float | None) -> None:
    assert (await ask(gate, FakePrometheus(recorded(spec, BOOK, **{name: value})))).code == UNKNOWN


async def test_samples_older_than_allowed_are_unknown(gate: Gate, spec: Spec) -> None:
    fresh = await ask(gate, FakePrometheus(recorded(spec, BOOK, age=spec.gate.stale.total_seconds() - 30)))
    stale = await ask(gate, FakePrometheus(recorded(spec, BOOK, age=spec.gate.stale.total_seconds() + 30)))
    assert (fresh.code, stale.code) == (ALLOW, UNKNOWN)
    assert "was last recorded 3" in stale.found("coverage")["says"]


async def test_what_blocks_weighs_more_than_what_is_unknown(gate: Gate, spec: Spec) -> None:
    lines = [*recorded(spec, BOOK, left=None), page("OutboxStalled", slo="events")]
    assert (await ask(gate, FakePrometheus(lines))).code == BLOCK


async def test_a_young_history_is_unknown_and_bootstrap_lets_it_pass_for_a_time(gate: Gate, spec: Spec) -> None:
    assert (await ask(gate, young(spec, days=3))).code == UNKNOWN
    passed = await ask(gate, young(spec, days=3), "--bootstrap", soon(days=5))
    assert passed.code == WARN
    assert "a young history, let pass until" in passed.out


async def test_a_history_of_a_minute_is_young_as_well(gate: Gate, spec: Spec) -> None:
    fake = FakePrometheus(recorded(spec, coverage=0.00002))
    assert (await ask(gate, fake, "--bootstrap", soon(days=5))).code == WARN


async def test_a_bootstrap_that_is_over_is_ignored_and_told(gate: Gate, spec: Spec) -> None:
    answer = await ask(gate, young(spec, days=3), "--bootstrap", soon(days=-1))
    assert answer.code == UNKNOWN
    assert "is ignored" in answer.report["notes"][0]


@pytest.mark.parametrize("broken", ["coverage", "retention", "runtimeinfo", "left", "burn"])
async def test_bootstrap_excuses_nothing_but_youth(gate: Gate, spec: Spec, broken: str) -> None:
    fake = young(spec, days=3)
    match broken:
        case "coverage":  # with gaps
            fake = young(spec, days=3, coverage=0.05)
        case "retention":
            fake.retention = "15d"
        case "runtimeinfo":
            fake.retention = "for long"
        case "left":
            fake.recorded = recorded(spec, BOOK, left=None)
        case "burn":
            fake.recorded = recorded(spec, burn=None, coverage=0.1)
    assert (await ask(gate, fake, "--bootstrap", soon(days=5))).code == UNKNOWN


@pytest.mark.parametrize(("retention", "expected"), [("15d or 50GiB", "only"), ("5w or 50GB", "too young")])
async def test_too_short_a_retention_is_told_from_youth(gate: Gate, spec: Spec, retention: str, expected: str) -> None:
    fake = young(spec, days=3)
    fake.retention = retention
    answer = await ask(gate, fake)
    assert answer.code == UNKNOWN
    assert answer.found("coverage")["says"].endswith(expected)


async def test_the_markdown_tells_people_and_keeps_the_password_to_itself(
    gate: Gate, spec: Spec, tmp_path: Path
) -> None:
    path = tmp_path / "gate.md"
    fake = FakePrometheus([*recorded(spec), page("Odd|<b>Name", slo="events")])
    async with fake.serving() as url:
        answer = await gate.ask(url.replace("http://", "http://sre:hunter2@"), "--markdown", path)
    text = path.read_text()
    assert text.startswith("## Error budget gate: block, do not release\n")
    assert "| block | alert | events | Odd\\|&lt;b>Name is firing |" in text
    assert "hunter2" not in text + answer.out + str(answer.report)


def place_of(finding: Any) -> Place:
    return finding["slo"], finding["journey"]


async def test_every_objective_of_every_journey_is_judged(gate: Gate, spec: Spec) -> None:
    answer = await ask(gate, FakePrometheus(recorded(spec)))
    for check in ("budget", "burn"):
        judged = [place_of(finding) for finding in answer.report["findings"] if finding["check"] == check]
        assert judged == [place for _, place in places(spec)]
