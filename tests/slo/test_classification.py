"""The backend says what an answer means when it counts it, the rules when they read it: they must say the same."""

import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from aioprometheus.renderer import render

from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from slo import series
from slo.rules.document import OUTPUT
from slo.spec import load_spec
from tests.slo.edited import PROMISE
from tests.slo.promql import program

TABLE = yaml.safe_load(PROMISE.read_text(encoding="utf-8"))
LATENCIES = {f"latency-{each['under'] * 1000:.0f}ms": each["under"] for each in TABLE["objectives"]["latency"]}
LIMITS = {*LATENCIES.values(), *(row["under"] for row in TABLE["classification"] if "under" in row)}
SECONDS = sorted({0.001, 9.0} | {limit * near for limit in LIMITS for near in (0.99, 1.0, 1.01)})
JOURNEY, METHOD, ROUTE = "book", "POST", "/api/basket"


class Answer(NamedTuple):
    status: int
    seconds: float


class Counts(NamedTuple):
    events: int
    bad: int


def row_of(answer: Answer) -> int:
    """The first row of the table that fits."""
    for number, row in enumerate(TABLE["classification"]):
        fits = str(row["status"]) in (str(answer.status), f"{answer.status // 100}xx")
        if fits and answer.seconds < row.get("under", float("inf")):
            return number
    raise AssertionError(answer)


ANSWERS: dict[int, list[Answer]] = {}
for each in (Answer(*pair) for pair in product(range(100, 600), SECONDS)):
    ANSWERS.setdefault(row_of(each), []).append(each)


def expected(number: int) -> dict[str, Counts]:
    """What the objectives must count of the answers that this row decides."""
    outcome, answers = TABLE["classification"][number]["outcome"], ANSWERS[number]
    if outcome == "good":
        slow = {slo: sum(answer.seconds > under for answer in answers) for slo, under in LATENCIES.items()}
        return {"availability": Counts(len(answers), 0)} | {slo: Counts(len(answers), slow[slo]) for slo in slow}
    counted = len(answers) if outcome == "bad" else 0
    return {"availability": Counts(counted, counted)} | dict.fromkeys(LATENCIES, Counts(0, 0))


def scraped(answers: list[Answer]) -> Iterator[tuple[str, float, float]]:
    """Every series of the service's registry, as it is rendered: its name, what it was before, what it is after."""
    metrics = Metrics(load_promise())
    meter = metrics.http.declare(METHOD, ROUTE)
    before = samples(metrics)
    for answer in answers:
        meter.record(*answer)
    for name, value in samples(metrics).items():
        if name.startswith("http_request_duration_seconds"):
            yield name, before[name], value


def samples(metrics: Metrics) -> dict[str, float]:
    lines = render(metrics.registry, [])[0].decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def test_every_row_decides_some_answers() -> None:
    assert ANSWERS.keys() == set(range(len(TABLE["classification"])))


@pytest.mark.parametrize("number", ANSWERS, ids=lambda number: str(TABLE["classification"][number]))
def test_the_backend_counts_and_the_rules_read_a_row_alike(number: int, tmp_path: Path) -> None:
    test: dict[str, Any] = {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": f"{before}+0x6 {after}+0x3"} for name, before, after in scraped(ANSWERS[number])
        ],
        "promql_expr_test": list(questions(number)),
    }
    content = {"rule_files": [str(PROMISE.parent / OUTPUT)], "evaluation_interval": "10m", "tests": [test]}
    path = tmp_path / "row.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    tested = subprocess.run([program("promtool"), "test", "rules", path], capture_output=True, text=True, check=False)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def questions(number: int) -> Iterator[dict[str, Any]]:
    """Whether the rates over the shortest window are those of the expected counts, which came within it."""
    window = load_spec().sample_window
    for slo, counts in expected(number).items():
        for metric, count in ((series.events(window), counts.events), (series.bad(window), counts.bad)):
            recorded = f'{metric}{{slo="{slo}",journey="{JOURNEY}"}} * {window.total_seconds()}'
            one = [{"labels": "{}", "value": 1}]
            yield {"expr": f"count(abs({recorded} - {count}) < 0.01)", "eval_time": "10m", "exp_samples": one}
