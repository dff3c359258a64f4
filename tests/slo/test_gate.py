"""The gate's verdicts, by what Prometheus has recorded: above all, that what is not known is no yes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from slo.gate import command
from slo.gate.measured import Place, places
from slo.spec import Spec, load_spec
from tests.prometheus import (
    FakePrometheus,
    Recorded,
    answer_503,
    answer_html,
    answer_other_json,
    drip,
    refuse,
    warn,
)
from tests.shop import free_ports
from tests.slo.gated import BOOK, WATCHDOG, Answer, Gate, labelled, page, recorded, target

ALLOW, WRONG_INPUT, WARN, BLOCK, UNKNOWN = 0, 2, 10, 20, 30
DAY = 86400.0
BY_AVAILABILITY = {"slo": "availability"}
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load_spec()


@pytest.fixture
def gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Gate:
    return Gate(tmp_path, capsys)


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


async def ask(gate: Gate, fake: FakePrometheus, *arguments: str | Path) -> Answer:
    async with fake.serving() as url:
        return await gate.ask(url, *arguments)


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


@pytest.mark.parametrize("ahead", [-3600, 3600])
async def test_a_prometheus_whose_clock_is_wrong_is_unknown(gate: Gate, spec: Spec, ahead: float) -> None:
    assert (await ask(gate, FakePrometheus(recorded(spec), clock=ahead))).code == UNKNOWN


async def test_a_prometheus_without_records_is_unknown(gate: Gate) -> None:
    assert (await ask(gate, FakePrometheus())).code == UNKNOWN


async def test_alerts_that_nobody_evaluates_are_unknown(gate: Gate, spec: Spec) -> None:
    silent = [each for each in recorded(spec) if each.name != "ALERTS"]
    answer = await ask(gate, FakePrometheus(silent))
    assert answer.code == UNKNOWN
    assert "alerts are not evaluated" in answer.out


async def test_the_watchdog_of_other_rules_proves_nothing(gate: Gate, spec: Spec) -> None:
    foreign = [each for each in recorded(spec) if each != WATCHDOG]
    foreign.append(Recorded("ALERTS", {"alertname": "Watchdog", "alertstate": "firing", "severity": "none"}, {0: 1.0}))
    answer = await ask(gate, FakePrometheus(foreign))
    assert answer.code == UNKNOWN
    assert "alerts are not evaluated" in answer.out


async def test_pages_that_were_not_evaluated_lately_are_unknown(gate: Gate, spec: Spec) -> None:
    stale = await ask(gate, FakePrometheus(recorded(spec), rules_age=spec.gate.stale.total_seconds() + 30))
    assert stale.code == UNKNOWN
    assert "SLOAvailabilityFastBurn, SLOLatencyFastBurn, SLOTicketsFastBurn" in stale.found("alert", ("", ""))["says"]


@pytest.mark.parametrize("health", [None, "err", "unknown"])
async def test_a_page_that_is_not_there_or_fails_is_unknown(gate: Gate, spec: Spec, health: str | None) -> None:
    fake = FakePrometheus(recorded(spec))
    if health is None:
        del fake.rules["SLOTicketsFastBurn"]
    else:
        fake.rules["SLOTicketsFastBurn"] = health
    answer = await ask(gate, fake)
    assert answer.code == UNKNOWN
    assert "SLOTicketsFastBurn" in answer.found("alert", ("", ""))["says"]


@pytest.mark.parametrize("value", [0.5, None])
async def test_rules_of_another_promise_are_unknown(gate: Gate, spec: Spec, value: float | None) -> None:
    those = [each for each in recorded(spec) if (each.name, each.labels) != ("slo:objective:ratio", BY_AVAILABILITY)]
    answer = await ask(gate, FakePrometheus(those + ([] if value is None else [target("availability", value)])))
    assert answer.code == UNKNOWN
    expected = "is not recorded" if value is None else "evaluates another slo.yaml: a target of 0.5, not of 0.999"
    assert expected in answer.found("prometheus", ("availability", ""))["says"]


@pytest.mark.parametrize("order", [1, -1])
async def test_several_environments_in_one_prometheus_are_unknown_in_either_order(
    gate: Gate, spec: Spec, order: int
) -> None:
    gone = labelled(recorded(spec, BOOK, left=-2.0, burn=50.0), environment="prod")
    both = [gone, labelled(recorded(spec), environment="dev")][::order]
    answer = await ask(gate, FakePrometheus([*both[0], *both[1]]))
    assert answer.code == UNKNOWN
    assert answer.found("prometheus")["says"].endswith("told apart by environment (dev, prod)")


async def test_one_series_more_with_a_label_of_its_own_is_unknown(gate: Gate, spec: Spec) -> None:
    other = Recorded("slo:budget_left:ratio", {"slo": "availability", "journey": "book", "replica": "b"}, {0: 0.9})
    answer = await ask(gate, FakePrometheus([*recorded(spec), other]))
    assert answer.code == UNKNOWN
    assert answer.found("prometheus")["says"].endswith("told apart by replica (b, none)")


async def test_labels_that_are_the_same_everywhere_do_no_harm(gate: Gate, spec: Spec) -> None:
    assert (await ask(gate, FakePrometheus(labelled(recorded(spec), environment="prod")))).code == ALLOW


@pytest.mark.parametrize("fault", [answer_503, answer_html, answer_other_json, refuse, warn, drip])
async def test_a_prometheus_that_is_not_well_is_unknown(
    gate: Gate, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_ANSWER_SECONDS", 0.5)
    async with asyncio.timeout(10):
        answer = await ask(gate, FakePrometheus(fault=fault), "--bootstrap", soon(days=1))
    assert (answer.code, len(answer.report["findings"])) == (UNKNOWN, 1)


async def test_a_prometheus_that_takes_too_long_in_all_is_unknown(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_ALL_SECONDS", 0.3)
    answer = await ask(gate, FakePrometheus(fault=drip))
    assert (answer.code, answer.report["findings"][0]["says"]) == (UNKNOWN, "it does not answer everything within 0 s")


async def test_one_that_is_not_there_is_unknown_and_lets_a_rollback_go(gate: Gate) -> None:
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    assert (await gate.ask(url)).code == UNKNOWN
    assert (await gate.ask(url, "--change", "rollback")).code == ALLOW


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--prometheus", "prometheus:9090"], "--prometheus: expected an address"),
        (["--prometheus", "http://["], "--prometheus: expected an address"),
        (["--bootstrap", "tomorrow"], "--bootstrap tomorrow: expected a date"),
        (["--overrides", "/nowhere.yaml"], "/nowhere.yaml: No such file or directory"),
        (["--k6", "/nowhere.json"], "/nowhere.json: No such file or directory"),
    ],
)
async def test_a_rollback_goes_whatever_is_wrong_with_the_other_arguments(
    gate: Gate, arguments: list[str], expected: str
) -> None:
    answer = await gate.ask("http://127.0.0.1:9", "--change", "rollback", *arguments)
    assert (answer.code, answer.report["verdict"], answer.error) == (ALLOW, "allow", "")
    assert any(expected in note for note in answer.report["notes"])


async def test_a_rollback_goes_though_slo_yaml_is_broken(
    gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slo.yaml").write_text("window: [\n")
    monkeypatch.setenv("SLO_FILE", str(tmp_path / "slo.yaml"))
    answer = await gate.ask("http://127.0.0.1:9", "--change", "rollback")
    assert answer.code == ALLOW
    assert "slo.yaml" in answer.out


async def test_a_rollback_goes_though_its_report_cannot_be_written(gate: Gate) -> None:
    answer = await gate.ask("http://127.0.0.1:9", "--change", "rollback", "--markdown", "/nowhere/gate.md")
    assert answer.code == ALLOW
    assert "/nowhere/gate.md: No such file or directory" in answer.error


async def test_a_redirect_is_not_followed(gate: Gate, spec: Spec) -> None:
    async with FakePrometheus(recorded(spec)).serving() as other:

        async def elsewhere(request: web.Request) -> web.Response:
            raise web.HTTPFound(other + request.path_qs)

        answer = await ask(gate, FakePrometheus(fault=elsewhere))
    assert (answer.code, answer.found("prometheus", ("", ""))["says"]) == (
        UNKNOWN,
        "it answers 302: redirects are not followed",
    )


async def test_a_token_is_sent_and_told_nobody(gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    sent: list[str | None] = []

    async def closed(request: web.Request) -> web.Response:
        sent.append(request.headers.get("Authorization"))
        return web.Response(status=401)

    answer = await ask(gate, FakePrometheus(fault=closed), "--bearer-token-file", tmp_path / "token")
    assert (answer.code, sent) == (UNKNOWN, ["Bearer s3cret"])
    assert "s3cret" not in answer.out + answer.error + str(answer.report)


@pytest.mark.parametrize(("content", "expected"), [
    (None, "token: No such file or directory"), ("\n", "expected one token"), ("two words", "expected one token"),
])  # fmt: skip
async def test_a_token_that_cannot_be_meant_is_refused(
    gate: Gate, tmp_path: Path, content: str | None, expected: str
) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content)
    answer = await gate.ask("http://127.0.0.1:9", "--bearer-token-file", tmp_path / "token")
    assert (answer.code, answer.error.count("\n")) == (WRONG_INPUT, 1)
    assert expected in answer.error


async def test_a_token_and_a_password_are_one_too_many(gate: Gate, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret")
    answer = await gate.ask("http://sre:hunter2@127.0.0.1:9", "--bearer-token-file", tmp_path / "token")
    assert (answer.code, "either a password or a token" in answer.error) == (WRONG_INPUT, True)


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


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--prometheus", ""], "--prometheus is missing"),
        (["--prometheus", "prometheus:9090"], "--prometheus: expected an address"),
        (["--prometheus", "http://host:port"], "--prometheus: expected an address"),
        (["--prometheus", "http://host?q=1"], "--prometheus: expected an address"),
        (["--change", "hope"], "--change hope: expected one of feature, fix, security, rollback"),
        (["--bootstrap", "tomorrow"], "--bootstrap tomorrow: expected a date such as 2027-03-31"),
        (["--bootstrap", "2027-03-31T18:00"], "expected a time with its zone"),
        (["--bootstrap", "2999-01-01"], "expected no more than 28 days ahead"),
        (["--overrides", "/nowhere.yaml"], "/nowhere.yaml: No such file or directory"),
        (["--k6", "/nowhere.json"], "/nowhere.json: No such file or directory"),
    ],
)
async def test_an_argument_that_cannot_be_meant_is_refused_in_a_line(
    gate: Gate, arguments: list[str], expected: str
) -> None:
    answer = await gate.ask("http://127.0.0.1:9", *arguments)
    assert (answer.code, answer.out, answer.report) == (WRONG_INPUT, "", None)
    assert expected in answer.error
    assert answer.error.startswith("gate: ")
    assert answer.error.count("\n") == 1


async def test_a_report_that_cannot_be_written_is_named(gate: Gate, spec: Spec) -> None:
    answer = await ask(gate, FakePrometheus(recorded(spec)), "--markdown", "/nowhere/gate.md")
    assert (answer.code, answer.error) == (WRONG_INPUT, "gate: /nowhere/gate.md: No such file or directory\n")


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
