import json
from pathlib import Path

import pytest

from tools.bench.results import Measured, Row, Target, table, write_figures, write_json
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
        "| what             | measured | target    | met | from … to     |",
        "| ---------------- | -------- | --------- | --- | ------------- |",
        "| holds            | 6.00x    | >= 5.00x  | yes | 4.00x … 9.00x |",
        "| p95 of a request | 1,200 ms | <= 800 ms | NO  |               |",
    ]


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
    measured.rows = [Row.of("holds", RATIO, [6.12345])]
    measured.failures = ["selling: broken"]
    write_json(tmp_path / "build" / "bench.json", measured)
    assert json.loads((tmp_path / "build" / "bench.json").read_text()) == [
        {
            "row": "holds", "value": 6.123, "target": 5, "bound": "at least", "met": True,
            "min": 6.123, "max": 6.123, "unit": "x",
        },
        {"row": "selling: broken", "value": None, "target": None, "met": False},
    ]  # fmt: skip


def test_the_document_gets_new_figures_and_keeps_its_words(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("# Words\n\n<!-- figures: begin -->\nold\n<!-- figures: end -->\n\nMore words\n")
    row = Row.of("holds", RATIO, [6])
    for _ in range(2):
        write_figures(document, [row], {"CPU": "two cores", "Python": "3.11"})
    before, after = document.read_text().split(table([row]))
    assert before == "# Words\n\n<!-- figures: begin -->\n"
    assert after == "\n\nMeasured on: CPU two cores, Python 3.11.\n<!-- figures: end -->\n\nMore words\n"
