import json
from dataclasses import replace
from pathlib import Path

import pytest

from tools.bench.results import Measured, Row, Target, costs_table, figures, table, write_between, write_json
from tools.console import Failure

RATIO = Target(5, "x")
TIME = Target(800, "ms", at_most=True)


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [(RATIO, 4.99, False), (RATIO, 5, True), (TIME, 800, True), (TIME, 800.1, False)],
)
def test_a_target_is_met_from_its_bound_on(target: Target, value: float, met: bool) -> None:  # noqa: FBT001 - a column of the table
    assert target.met_by(value) is met


def test_the_median_of_the_rounds_counts_and_the_extremes_are_shown() -> None:
    row = Row.of("holds", RATIO, [4.0, 9.0, 6.0])
    assert (row.value, row.low, row.high, row.met) == (6.0, 4.0, 9.0, True)


def test_the_table_reads_well() -> None:
    rows = [Row.of("holds", RATIO, [6.0, 4.0, 9.0]), Row.of("p95 of a request", TIME, [1200.4])]
    assert table(rows).splitlines() == [
        "| what             | median   | min      | max      | target    | met |",
        "| ---------------- | -------- | -------- | -------- | --------- | --- |",
        "| holds            | 6.00x    | 4.00x    | 9.00x    | >= 5.00x  | yes |",
        "| p95 of a request | 1,200 ms | 1,200 ms | 1,200 ms | <= 800 ms | NO  |",
    ]


def test_what_each_process_spent_is_a_table_of_its_own() -> None:
    rows = [
        replace(Row.of("holds", RATIO, [6.0]), rate=12500.4, costs={"backend": 63.4, "database": 24}),
        Row.of("oversold", TIME, [0]),
        replace(Row.of("reads", RATIO, [1.0]), rate=9000, costs={"backend": 50}),
    ]
    assert costs_table(rows).splitlines() == [
        "| us of CPU each | a second | backend | database |",
        "| -------------- | -------- | ------- | -------- |",
        "| holds          | 12,500   | 63      | 24       |",
        "| reads          | 9,000    | 50      | 0        |",
    ]
    assert costs_table(rows[1:2]) == ""


def test_what_cannot_be_measured_does_not_cost_the_other_rows(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> list[Row]:
        raise Failure("the shop answered 3 x 503")

    measured = Measured()
    measured.take("selling", fail)
    measured.take("looking", lambda: [Row.of("reads", RATIO, [7])])
    assert [row.name for row in measured.rows] == ["reads"]
    assert measured.failures == ["selling: the shop answered 3 x 503"]
    assert "failed: the shop answered 3 x 503" in capsys.readouterr().out


def test_programs_get_each_row_and_each_failure(tmp_path: Path) -> None:
    measured = Measured()
    measured.rows = [replace(Row.of("holds", RATIO, [6.12345]), rate=12500, costs={"backend": 63.44})]
    measured.failures = ["selling: broken"]
    write_json(tmp_path / "build" / "bench.json", measured)
    assert json.loads((tmp_path / "build" / "bench.json").read_text()) == [
        {
            "row": "holds", "value": 6.123, "target": 5, "bound": "at least", "met": True,
            "min": 6.123, "max": 6.123, "unit": "x", "per_second": 12500, "cpu_us": {"backend": 63.4},
        },
        {"row": "selling: broken", "value": None, "target": None, "met": False},
    ]  # fmt: skip


def test_the_document_gets_new_figures_and_keeps_its_words(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("# Words\n\n<!-- figures: begin -->\nold\n<!-- figures: end -->\n\nMore words\n")
    for text in ("newer", "newest"):
        write_between(document, "figures", text)
    assert document.read_text() == ("# Words\n\n<!-- figures: begin -->\nnewest\n<!-- figures: end -->\n\nMore words\n")
    with pytest.raises(LookupError, match="no place for growth"):
        write_between(document, "growth", "lost")


def test_a_recorded_run_says_how_it_was_taken_and_what_it_lacks() -> None:
    measured = Measured()
    measured.rows = [Row.of("holds", RATIO, [6])]
    assert figures(measured, "3 rounds on two cores.", []) == (
        f"{table(measured.rows)}\n\nEvery row was measured.\n\n3 rounds on two cores."
    )
    measured.failures = ["selling: broken"]
    assert "Not measured: streams; selling: broken.\n\n3 rounds" in figures(measured, "3 rounds.", ["streams"])
