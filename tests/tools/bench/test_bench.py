import json
import re
import shutil
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from statistics import geometric_mean

import pytest

from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.features.inventory.sweeps import broken_invariants
from cdk.settings.sale import BOOKING, HOLDING, READING
from tools.bench import __main__ as bench
from tools.bench import capacity, naive
from tools.bench.results import Row, Target
from tools.bench.stock import Stock
from tools.console import Failure
from tools.programs.postgres import Server
from tools.setup import ROOT

# Seconds of a process's CPU that the capacity model has for each row.
PLANNED = {
    "backend": {
        "GET /api/events, per CPU second": READING,
        "GET /api/events/{id}, per CPU second": READING,
        "holds": HOLDING,
        "paid bookings": BOOKING,
    },
    "database": {"holds": capacity.DATABASE_HOLDING, "paid bookings": capacity.DATABASE_BOOKING},
}


@pytest.fixture
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this run's figures go."""
    directory = ROOT / "build" / tmp_path.name
    monkeypatch.setattr(bench, "JSON", directory / "bench.json")
    yield directory / "bench.json"
    shutil.rmtree(directory)


@pytest.mark.parametrize(("kilobytes", "status"), [(90.0, 0), (111.0, 1)])
def test_it_ends_with_the_table_and_fails_on_a_missed_row(
    kilobytes: float, status: int, figures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = Row.of("first load", Target(110, "kB", at_most=True), [kilobytes])
    monkeypatch.setattr("tools.bench.page.weigh", lambda: [row])
    if status:
        with pytest.raises(Failure, match="missed: first load"):
            bench.main(["--only", "page"])
    else:
        assert bench.main(["--only", "page"]) == 0
    assert "| first load |" in capsys.readouterr().out
    assert [each["met"] for each in json.loads(figures.read_text())] == [not status]


def test_what_is_recorded_says_of_which_commit_and_hour_it_is_and_how_many_rounds_were_taken(
    figures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = figures.with_name("page.md")
    document.parent.mkdir(parents=True)
    marks = ("figures", "growth")
    document.write_text("".join(f"<!-- {mark}: begin -->\n<!-- {mark}: end -->\n" for mark in marks))
    monkeypatch.setattr(bench, "DOCUMENT", document)
    monkeypatch.setattr(bench, "postgres", nullcontext)
    monkeypatch.setattr("tools.bench.page.weigh", lambda: [Row.of("load", Target(110, "kB", at_most=True), [90.0])])
    monkeypatch.setattr("tools.bench.sizes.widen", lambda *_: "| events |")
    for group in ("page", "growth"):
        bench.main(["--only", group, "--record", "--rounds", "2", "--seconds", "4"])
    assert figures.exists()
    measured = r"Measured 20\d\d-\d\d-\d\d \d\d:\d\d UTC, commit \w+( with unsaved changes)?, on: CPU "
    assert re.search(rf"^The median of 2 rounds of 4 s counts\. {measured}", document.read_text(), re.MULTILINE)
    assert re.search(rf"^One round of 4 s each\. {measured}", document.read_text(), re.MULTILINE)


def test_a_group_that_is_none_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--only", "holds,reeds"])
    assert "'reeds' is none of holds, free, paid" in capsys.readouterr().err


async def test_the_naive_way_keeps_the_books_it_shares_with_the_shop(server: Server, dsn: str) -> None:
    stock = Stock(dsn)
    (event,) = stock.publish("naive", capacity=100_000)
    assert naive.holds_per_second(server, dsn, event, 1) > 10
    held = stock.value("SELECT sum(quantity) FROM hold")
    assert held > 0
    assert stock.left(event) == 100_000 - held
    database = await Database.open(DatabaseOptions(dsn=dsn))
    assert await broken_invariants(database) == []
    await database.close()


async def test_tickets_that_are_held_from_the_start_are_in_the_books(dsn: str) -> None:
    stock = Stock(dsn)
    events = stock.publish("event", capacity=50, events=3)
    stock.hold(events, each=10)
    assert [stock.left(event) for event in events] == [40, 40, 40]
    database = await Database.open(DatabaseOptions(dsn=dsn))
    assert await broken_invariants(database) == []
    await database.close()


def test_a_run_measures_the_shop_itself_which_costs_what_plans_count_on(
    figures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(Failure):  # a busy machine may miss the target: here the way to the figure counts
        bench.main(["--only", "holds,paid,reads", "--rounds", "1", "--seconds", "1"])
    output = capsys.readouterr().out
    assert "us of CPU each: database" in output
    assert "invariants: stock, orders and money agree" in output
    rows = {row["row"]: row for row in json.loads(figures.read_text())}
    assert rows["holds"]["value"] > rows["paid bookings"]["value"] > 0
    for process, planned in PLANNED.items():
        times = {row: rows[row]["cpu_us"][process] / (seconds * 1e6) for row, seconds in planned.items()}
        busy = geometric_mean(times.values())
        assert 1 / capacity.WITHIN <= busy <= capacity.WITHIN, f"the {process} takes {busy:.2f} x the plan: {times}"
        apart = {row: each / busy for row, each in times.items()}
        strays = [row for row, each in apart.items() if not 1 / capacity.APART <= each <= capacity.APART]
        assert not strays, f"the {process} takes {busy:.2f} x the plan in all, and this is far from that: {apart}"
