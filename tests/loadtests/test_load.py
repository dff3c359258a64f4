"""`make load` on a real shop, well or broken: verdict, table, comparison and report. And somebody else's script."""

import asyncio
import json
import re
import urllib.request
from pathlib import Path
from urllib.error import URLError
from xml.etree import ElementTree as ET

import pytest

from tests.loadtests.breaking import broken_shop
from tests.loadtests.driving import PASSED, drive
from tests.shop import Shop, free_ports
from tools.console import Failure
from tools.load import kept, report
from tools.load.__main__ import load, say_how
from tools.load.exposition import read
from tools.load.judging import Verdict
from tools.load.loaded_shop import opened
from tools.load.scenarios import SCENARIOS, chosen

PREDECESSOR = Path(__file__).with_name("predecessor.js")
SMOKE = SCENARIOS["smoke"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where these runs are kept, instead of among those of whoever runs the tests."""
    monkeypatch.setattr(kept, "KEPT", tmp_path)
    return tmp_path


async def loaded(shop: Shop, url: str) -> Verdict:
    """The verdict on the shop at this address, whose counters are those of the shop."""
    metrics = f"http://127.0.0.1:{shop.settings.metrics_port}/metrics"
    variables = {"HOST": url, "METRICS": metrics, "RATE": "24", "DURATION": "2.5"}
    return await asyncio.to_thread(load, SMOKE, variables)


async def test_a_well_shop_passes_and_counts_what_k6_counts(
    shop: Shop, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (await loaded(shop, shop.url)).passed
    told = capsys.readouterr().out
    for journey in ("browse", "book", "account"):
        assert re.search(rf"^\| {journey} .*100\.00% \| +0 \| +kept \|$", told, re.MULTILINE)
        assert re.search(rf"^ +{journey}: [\d,]+ requests and 0 bad ones on both sides$", told, re.MULTILINE)
    assert json.loads((folder / "smoke" / "moments.json").read_text())

    document = tmp_path / "page.md"
    document.write_text("before\n<!-- load: begin -->\nold\n<!-- load: end -->\nafter\n")
    report.write(document, tmp_path / "plots")
    page = document.read_text()
    assert page.startswith("before\n<!-- load: begin -->\n### smoke\n")
    assert page.endswith("\n<!-- load: end -->\nafter\n")
    assert re.search(r"\*\*Kept\*\*, on http\S+ for \d+ s, 20\d\d-\d\d-\d\d \d\d:\d\d UTC, commit \w+", page)
    assert "| book " in page
    assert "old" not in page
    plot = ET.parse(tmp_path / "plots" / "smoke.svg").getroot()
    titles = [text.text for text in plot.iter("{http://www.w3.org/2000/svg}text") if text.get("class") == "title"]
    assert titles == ["p95 of a request", "requests a second", "budget of these requests spent", "saturation"]


async def test_a_broken_shop_does_not_pass_and_the_difference_is_explained(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    async with broken_shop(shop.url, "failing") as url:
        verdict = await loaded(shop, url)
    assert any("journey_failed{journey:book}" in problem for problem in verdict.problems)
    told = capsys.readouterr().out
    assert re.search(r"^\| book .*NOT KEPT \|$", told, re.MULTILINE)
    assert re.search(r"book: k6 has .* \d+ were refused or cut on the way, or given up by k6", told)


async def test_a_sale_without_enough_tickets_says_so(shop: Shop) -> None:
    sale = await shop.box_office.publish(capacity=7)
    variables = {"HOST": shop.url, "EVENT": str(sale.event_id), "TICKETS": "100", "RATE": "10"}
    with pytest.raises(Failure, match=r"^sale could not be carried out: the sale needs 100 tickets and 7 are left"):
        await asyncio.to_thread(load, SCENARIOS["sale"], variables)


async def test_a_setting_that_is_no_number_is_named_and_costs_no_earlier_run(shop: Shop) -> None:
    (kept.KEPT / "smoke").mkdir(parents=True)
    with pytest.raises(Failure, match=r"^smoke could not be carried out: RATE is many, it must be a number$"):
        await asyncio.to_thread(load, SMOKE, {"HOST": shop.url, "RATE": "many"})
    assert (kept.KEPT / "smoke").exists(), "what an earlier run left is gone"


def test_a_soak_of_a_shop_whose_memory_nobody_can_see_is_refused_before_it_begins() -> None:
    with pytest.raises(Failure, match=r"^the memory of HOST is to be judged: name its METRICS ports, or a PROMETHEUS"):
        load(SCENARIOS["soak"], {"HOST": "http://127.0.0.1:9"})


async def test_a_script_in_the_manner_of_the_predecessors_clients_passes_at_a_hundred_users(shop: Shop) -> None:
    result = await drive(PREDECESSOR, shop.url, BASE_URL=shop.url, RAMP="1s", HOLD="2s")
    assert result.status == PASSED, result.told
    assert re.search(r"^ *vus_max\.*: 100 ", result.told, re.MULTILINE)
    assert await shop.broken() == []


def test_without_a_host_a_shop_of_its_own_has_what_the_tests_buy_and_is_gone_afterwards() -> None:
    with opened({}) as shop:
        with urllib.request.urlopen(f"{shop.url}/api/events?q=load+test") as answer:
            events = {event["name"]: event["available_tickets"] for event in json.load(answer)["events"]}
        assert events == {
            "Load test: opening night": 10_000,
            "Load test: full house": 480,
            "Load test: one at a time": 400,
        }
        assert all("http_requests_total" in {series.name for series in read([port])} for port in shop.metrics)
        assert "waiting_room_admitted_total" in {series.name for series in read(shop.workers)}
    with pytest.raises(URLError):
        urllib.request.urlopen(shop.url)


def test_a_dry_run_shows_every_command_and_starts_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("subprocess.Popen", None)
    say_how(SCENARIOS["queue"], {"RATE": "5"})
    told = capsys.readouterr().out
    for command in ("python -m tools.local.up", "python -m backend events apply loadtests/events.yaml"):
        assert re.search(rf"^  \$ .*{re.escape(command)}$", told, re.MULTILINE)
    assert re.search(r"^  \$ .*k6 run .*--env RATE=5 --env HOST=\S+ .* loadtests/queue\.js$", told, re.MULTILINE)

    say_how(SMOKE, {"HOST": "https://tickets.example.com/"})
    told = capsys.readouterr().out
    assert "tools.local.up" not in told
    assert "--env HOST=https://tickets.example.com " in told
    assert not list(folder.iterdir())


def test_an_unknown_scenario_is_refused_with_those_there_are() -> None:
    with pytest.raises(Failure, match="SCENARIO is 'rush': expected one of smoke, happy, sale, seats, queue, stress"):
        chosen("rush")


@pytest.mark.parametrize("host", ["shop", "localhost:8080", "ftp://localhost", "http://localhost/api?x=1", "http://"])
def test_a_host_that_is_no_address_is_refused(host: str) -> None:
    with (
        pytest.raises(Failure, match=f"^HOST is {re.escape(repr(host))}: expected the address"),
        opened({"HOST": host}),
    ):
        pass


def test_a_host_where_no_shop_answers_is_refused() -> None:
    (port,) = free_ports(1)
    host = f"http://127.0.0.1:{port}"
    with pytest.raises(Failure, match=f"^HOST is '{host}', and no shop answers there"), opened({"HOST": host}):
        pass
