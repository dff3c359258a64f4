"""docs/observability.md: its dashboards, panels, metrics and fields are there, and its example is reckoned right."""

import re
from dataclasses import fields

import pytest

from backend.telemetry.logs import RequestLine
from slo.dashboards.build import BOARDS
from slo.spec import load_spec
from tests.docs.pages import read, sections
from tests.slo.test_dashboards import exposed, recorded

PAGE = "docs/observability.md"
SPEC = load_spec()


def rows(section: str) -> list[list[str]]:
    """Cells of its table's lines, the head left out."""
    lines = [line for line in sections(PAGE)[section].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def titles() -> dict[str, set[str]]:
    """By dashboard, its rows and panels."""
    boards = [board(SPEC) for board in BOARDS]
    return {
        board.title: {
            title for row, panels in board.rows for title in (row, *(str(each.build().title) for each in panels))
        }
        for board in boards
    }


def test_every_dashboard_has_its_line_and_begins_with_a_panel_of_its_own() -> None:
    told = {cells[0]: set(re.findall(r'"([^"]+)"', cells[2])) for cells in rows("The dashboards")}
    assert list(told) == list(titles())
    assert [(board, told[board] - panels) for board, panels in titles().items() if not told[board] <= panels] == []


def test_panels_on_the_way_to_a_request_are_there() -> None:
    text = re.sub(r"```.*?```", "", sections(PAGE)["From an alert to the request"], flags=re.DOTALL)
    panels = set().union(*titles().values())
    assert set(re.findall(r'"([A-Z][^"\n]+)"', text)) - panels == {"Deploys"}  # a mark on all of them


def test_metrics_are_there() -> None:
    named = set(re.findall(r"`((?:slo:|http_|web_|db_)[\w:]+)", read(PAGE)))
    assert len(named) > 4
    known = {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in exposed(SPEC)} | recorded(SPEC)
    assert named - known == set()


def test_fields_of_a_logged_request_are_those_that_are_written() -> None:
    told = {name for cells in rows("From an alert to the request") for name in re.findall(r"`(\w+)`", cells[0])}
    line = RequestLine("GET", "/", "/", 500, 1.0, "why")
    assert {field.name for field in fields(RequestLine)} - {"seconds"} <= told
    assert set(line.fields()) | {"request_id", "time", "level", "logger", "message", "exception"} == told


class TestBurnRate:
    numbers = {cells[0]: float(re.sub(r"[^\d.]", "", cells[1])) for cells in rows("Reading a burn rate")}  # noqa: RUF012 - read, never changed
    window = SPEC.window.total_seconds() / 3600
    page = SPEC.alerting.windows[0]

    def test_the_limits_are_those_of_the_promise(self) -> None:
        allowed = (1 - SPEC.objectives.availability.target) * 100
        assert self.numbers["allowed by the objective"] == pytest.approx(allowed)
        assert self.numbers["a page comes above"] == self.page.burn
        assert f"above {self.page.burn:g} as well" in sections(PAGE)["Reading a burn rate"]

    def test_the_example_follows_from_them(self) -> None:
        requests, bad = self.numbers["requests in the last hour"], self.numbers["bad ones among them"]
        share = bad / requests * 100
        burn = share / self.numbers["allowed by the objective"]
        assert self.numbers["share of bad ones"] == pytest.approx(share)
        assert self.numbers["burn rate over the hour"] == pytest.approx(burn)
        assert burn > self.page.burn
        assert self.numbers["of the budget of 28 days, gone in this hour"] == pytest.approx(
            burn / self.window * 100, abs=0.005
        )
        assert self.numbers["all of it gone, if that goes on, in"] == pytest.approx(self.window / burn)

    def test_what_is_said_of_slow_leaks_does_too(self) -> None:
        text = " ".join(sections(PAGE)["Reading a burn rate"].split())
        leak = SPEC.alerting.windows[2]
        assert leak.severity == "ticket"
        assert f"from {leak.burn:g} over a day" in text
        assert (
            f"At a burn rate of 3, which no page notices, the budget is gone in {self.window / 3 / 24:.1f} days" in text
        )
        assert "of 6,000: the burn rate of 5 minutes is 90" in text
        assert 540 / 6000 / (1 - SPEC.objectives.availability.target) == pytest.approx(90)
