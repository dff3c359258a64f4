"""Somebody answers for a block, for a reason and for a time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from slo.gate.overrides import DEFAULT, read_overrides
from slo.spec import Spec
from tests.prometheus import FakePrometheus
from tests.slo.gated import BOOK, Answer, Gate, page, recorded

WRONG_INPUT, WARN, BLOCK, UNKNOWN = 2, 10, 20, 30


def entry(**changes: str) -> dict[str, str]:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat(timespec="minutes")
    return {"owner": "Robin", "reason": "the sale opens", "expires": tomorrow, **changes}


def written(folder: Path, *entries: dict[str, str]) -> Path:
    path = folder / "overrides.yaml"
    path.write_text(yaml.safe_dump({"overrides": list(entries)}))
    return path


async def ask(gate: Gate, fake: FakePrometheus, path: Path) -> Answer:
    async with fake.serving() as url:
        return await gate.ask(url, "--overrides", path)


def overspent(spec: Spec) -> FakePrometheus:
    return FakePrometheus(recorded(spec, BOOK, left=-0.1))


async def test_an_override_turns_its_block_into_a_warning_that_names_who_answers(gate: Gate, spec: Spec) -> None:
    path = written(gate.folder, entry(slo="availability", journey="book"))
    answer = await ask(gate, overspent(spec), path)
    assert answer.code == WARN
    assert "overridden by Robin until " in answer.found("budget")["says"]
    assert answer.found("budget")["says"].endswith(": the sale opens")


@pytest.mark.parametrize(
    "narrower", [{"slo": "latency-800ms"}, {"journey": "browse"}, {"check": "burn"}, {"alert": "SLIAbsent"}]
)
async def test_it_passes_nothing_that_it_does_not_name(gate: Gate, spec: Spec, narrower: dict[str, str]) -> None:
    path = written(gate.folder, entry(**{"slo": "availability", "journey": "book", **narrower}))
    assert (await ask(gate, overspent(spec), path)).code == BLOCK


async def test_a_firing_page_is_overridden_by_its_name(gate: Gate, spec: Spec) -> None:
    fake = FakePrometheus([*recorded(spec), page("SLIAbsent", slo="measurement")])
    assert (await ask(gate, fake, written(gate.folder, entry(alert="SLIAbsent")))).code == WARN
    assert (await ask(gate, fake, written(gate.folder, entry(check="alert", alert="SLIAbsent")))).code == WARN
    assert (await ask(gate, fake, written(gate.folder, entry(alert="SLOTicketsFastBurn")))).code == BLOCK


@pytest.mark.parametrize("name", ["TicketsOversold", "InvariantsBroken", "OutboxStalled"])
async def test_wrong_books_are_overridden_by_nothing(gate: Gate, spec: Spec, name: str) -> None:
    refused = await ask(gate, overspent(spec), written(gate.folder, entry(alert=name)))
    assert (refused.code, f"overrides.0.alert: {name} is never let pass" in refused.error) == (WRONG_INPUT, True)
    fake = FakePrometheus([*recorded(spec), page(name, slo="availability", journey="book")])
    assert (await ask(gate, fake, written(gate.folder, entry(journey="book")))).code == BLOCK


async def test_names_are_read_without_the_space_around_them(gate: Gate, spec: Spec) -> None:
    path = written(gate.folder, entry(owner="  Robin ", slo=" availability", journey="book "))
    answer = await ask(gate, overspent(spec), path)
    assert answer.code == WARN
    assert "overridden by Robin until" in answer.out


async def test_a_file_other_than_the_committed_one_is_named(gate: Gate, spec: Spec) -> None:
    path = written(gate.folder)
    assert f"note    overrides are read from {path}, not from" in (await ask(gate, overspent(spec), path)).out
    assert "overrides are read from" not in (await ask(gate, overspent(spec), DEFAULT)).out


async def test_an_override_whose_time_is_over_is_ignored_and_told(gate: Gate, spec: Spec) -> None:
    path = written(gate.folder, entry(slo="availability", expires="2024-02-29"))
    answer = await ask(gate, overspent(spec), path)
    assert answer.code == BLOCK
    assert answer.report["notes"][-1] == (
        "ignored, its time is over: overridden by Robin until 2024-03-01 00:00 UTC: the sale opens"
    )


async def test_an_override_in_force_is_told_even_where_it_is_not_needed(gate: Gate, spec: Spec) -> None:
    answer = await ask(gate, FakePrometheus(recorded(spec)), written(gate.folder, entry(slo="availability")))
    assert answer.code == 0
    assert answer.out.splitlines()[-1].startswith("  note    in force: overridden by Robin until ")


async def test_the_unknown_is_not_overridden(gate: Gate, spec: Spec) -> None:
    path = written(gate.folder, entry(slo="availability"))
    assert (await ask(gate, FakePrometheus(recorded(spec, BOOK, left=None)), path)).code == UNKNOWN


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (entry(), "overrides.0: expected check, slo, journey or alert"),
        (entry(slo="speed"), "overrides.0.slo: expected one of availability,"),
        (entry(journey="door"), "overrides.0.journey: expected one of browse, book, queue, account"),
        (entry(check="luck"), "overrides.0.check: Input should be"),
        (entry(slo="availability", expires="soon"), "overrides.0.expires: Value error, expected a date such as"),
        (entry(slo="availability", expires="2999-01-01"), "overrides.0.expires: expected no more than 28 days ahead"),
        (entry(check="alert"), "overrides.0.alert: expected the name of the alert that is let pass"),
        (entry(slo="availability", owner="    "), "overrides.0.owner: String should have at least 3 characters"),
        (entry(slo="availability", owner=""), "overrides.0.owner: String should have at least 3 characters"),
        (entry(slo="availability", until="2027-01-01"), "overrides.0.until: Extra inputs are not permitted"),
        ({"owner": "Robin", "slo": "availability", "expires": "2027-01-01"}, "overrides.0.reason: Field required"),
    ],
)
async def test_an_entry_that_cannot_be_meant_is_refused_by_its_line(
    gate: Gate, spec: Spec, given: dict[str, str], expected: str
) -> None:
    path = written(gate.folder, given)
    answer = await ask(gate, overspent(spec), path)
    assert (answer.code, answer.error.count("\n")) == (WRONG_INPUT, 1)
    assert f"{path}:" in answer.error
    assert expected in answer.error


def test_the_committed_file_can_be_read(spec: Spec) -> None:
    read_overrides(DEFAULT, spec, datetime.now(UTC))
