"""The Prometheus that the gate asks: one that is not well, not ours or not alone is no yes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from slo.gate import command
from slo.spec import Spec
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
from tests.slo.gated import BOOK, WATCHDOG, Gate, ask, labelled, recorded, target

ALLOW, WRONG_INPUT, UNKNOWN = 0, 2, 30
BY_AVAILABILITY = {"slo": "availability"}
Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


def soon(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).isoformat()


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
