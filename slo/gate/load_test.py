"""What a load test with the thresholds of loadtests/thresholds.js says, read from k6's summary."""

import operator
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, Field, ValidationError

from slo.gate.findings import Finding
from slo.spec import Spec

_NEWEST, _OLDEST = timedelta(minutes=-5), timedelta(hours=6)
"""How long ago the test may have ended; a clock may be a little ahead."""

_COMPARISONS = {"<=": operator.le, ">=": operator.ge, "==": operator.eq}
_THRESHOLD = re.compile(r"\s*(\S+?)\s*(<=|>=|==)\s*(\S+)\s*")


class SummaryError(Exception):
    """The file is no summary that can be judged: one line that says why."""


class _Crossed(BaseModel, extra="allow"):
    ok: bool


class _Metric(BaseModel, extra="allow"):
    """thresholds: whether each was crossed (--summary-export), or whether it is ok (handleSummary).

    The numbers stand in `values` (handleSummary) or beside the thresholds.
    """

    thresholds: dict[str, bool | _Crossed] = Field(default_factory=dict)
    values: dict[str, float] | None = None

    def failed(self) -> list[str]:
        crossed = {name: not end.ok if isinstance(end, _Crossed) else end for name, end in self.thresholds.items()}
        return [name for name, failed in crossed.items() if failed]

    def number(self, statistic: str) -> float | None:
        """A rate is called `value` in an exported summary."""
        if self.values is not None:
            return self.values.get(statistic)
        beside = self.model_extra or {}
        found = beside.get("value" if statistic == "rate" else statistic)
        return float(found) if isinstance(found, int | float) else None


class _Summary(BaseModel, extra="ignore"):
    metrics: dict[str, _Metric]


class _Limit(NamedTuple):
    """A threshold of slo/k6.py. at_least: whether a stricter one will do."""

    metric: str
    statistic: str
    comparison: str
    value: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{self.metric} {self.statistic}{self.comparison}{self.value:g}"

    def stands_in(self, thresholds: Iterable[str]) -> bool:
        return any(self._is(*found.groups()) for found in map(_THRESHOLD.fullmatch, thresholds) if found)

    def _is(self, statistic: str, comparison: str, value: str) -> bool:
        try:
            number = float(value)
        except ValueError:
            return False
        same = number == self.value or (self.at_least and number > self.value)
        return same and (statistic, comparison) == (self.statistic, self.comparison)

    def is_met(self, number: float) -> bool:
        return bool(_COMPARISONS[self.comparison](number, self.value))


def judge_load_test(spec: Spec, path: Path, now: datetime) -> Iterator[Finding]:
    """A finding for each journey that was driven. SummaryError when there is nothing to judge."""
    summary, age = _read(path, now)
    if not _NEWEST <= age <= _OLDEST:
        yield Finding("load test", "unknown", f"its summary is not of the last {_OLDEST.total_seconds() / 3600:g} h")
    driven = [name for name in spec.journeys if f"journey_requests{{journey:{name}}}" in summary.metrics]
    if not driven:
        yield Finding("load test", "unknown", "it has driven no journey of slo.yaml with its thresholds")
    judged = {journey: _expected(spec, journey) for journey in driven}
    for journey, limits in judged.items():
        yield _finding(summary, limits, journey)
    pace = _Limit("dropped_iterations", "count", "==", 0)
    if driven:
        yield _finding(summary, [pace], "")
    known = {limit.metric for limits in judged.values() for limit in limits} | ({pace.metric} if driven else set())
    for name, metric in summary.metrics.items():
        if name not in known and metric.failed():
            yield Finding("load test", "block", f"{name}: {', '.join(metric.failed())} was not met")


def _finding(summary: _Summary, limits: list[_Limit], journey: str) -> Finding:
    """By k6's word and by the numbers: its word alone is for thresholds that anybody may have written."""
    metrics = {limit.metric: summary.metrics.get(limit.metric, _Metric()) for limit in limits}
    numbers = {limit: metrics[limit.metric].number(limit.statistic) for limit in limits}
    failed = [f"{name} {each}" for name, metric in metrics.items() for each in metric.failed()]
    failed += [str(limit) for limit, number in numbers.items() if number is not None and not limit.is_met(number)]
    if failed:
        return Finding("load test", "block", f"not met: {', '.join(dict.fromkeys(failed))}", journey=journey)
    missing = [str(limit) for limit in limits if not limit.stands_in(metrics[limit.metric].thresholds)]
    if missing:
        says = f"its thresholds are not those of slo.yaml, missing: {', '.join(missing)}"
        return Finding("load test", "unknown", says, journey=journey)
    without = [str(limit) for limit, number in numbers.items() if number is None]
    if without:
        return Finding("load test", "unknown", f"it has no number for {', '.join(without)}", journey=journey)
    return Finding("load test", "allow", "every threshold was met", journey=journey)


def _expected(spec: Spec, journey: str) -> list[_Limit]:
    """As slo/k6.py has them written."""
    of, latencies = f"{{journey:{journey}}}", spec.objectives.latency
    minimum = spec.alerting.slow_quantile.minimum_requests
    failed = round(1 - spec.objectives.availability.target, 12)
    return [
        _Limit(f"journey_requests{of}", "count", ">=", minimum, at_least=True),
        _Limit(f"journey_failed{of}", "rate", "<=", failed),
        *(
            _Limit(f"journey_duration{of}", f"p({each.target * 100:.10g})", "<=", round(each.under * 1000))
            for each in latencies
        ),
        *(_Limit(f"journey_within_{each.under * 1000:.0f}ms{of}", "rate", ">=", each.target) for each in latencies),
    ]


def _read(path: Path, now: datetime) -> tuple[_Summary, timedelta]:
    """The summary, and how long ago it was written: k6 writes no time into it."""
    try:
        age = timedelta(seconds=now.timestamp() - path.stat().st_mtime)
        return _Summary.model_validate_json(path.read_bytes()), age
    except OSError as error:
        raise SummaryError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        raise SummaryError(f"{path}: {_what(error.errors()[0])}") from None


def _what(fault: Any) -> str:
    if fault["type"] == "missing" and fault["loc"] == ("metrics",):
        return "not a summary with thresholds: make it with `k6 run --summary-export=FILE`"
    return f"not a summary of k6: {'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}"
