"""What a load test with the thresholds of loadtests/thresholds.js says, read from k6's summary."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from slo.gate.findings import Finding
from slo.spec import Spec


class SummaryError(Exception):
    """The file is no summary that can be judged: one line that says why."""


class _Crossed(BaseModel, extra="allow"):
    ok: bool


class _Metric(BaseModel, extra="ignore"):
    """thresholds: whether each was crossed (--summary-export), or whether it is ok (handleSummary)."""

    thresholds: dict[str, bool | _Crossed] = Field(default_factory=dict)

    def failed(self) -> list[str]:
        crossed = {name: not end.ok if isinstance(end, _Crossed) else end for name, end in self.thresholds.items()}
        return [name for name, failed in crossed.items() if failed]


class _Summary(BaseModel, extra="ignore"):
    metrics: dict[str, _Metric]


def judge_load_test(spec: Spec, path: Path) -> Iterator[Finding]:
    """A finding for each journey that was driven. SummaryError when there is nothing to judge."""
    summary = _read(path)
    driven = [name for name in spec.journeys if f"journey_requests{{journey:{name}}}" in summary.metrics]
    if not driven:
        yield Finding("load test", "unknown", "it has driven no journey of slo.yaml with its thresholds")
    for journey in driven:
        yield _journey(spec, summary, journey)
    for name, metric in summary.metrics.items():
        if "{journey:" not in name and metric.failed():
            yield Finding("load test", "block", f"{name}: {', '.join(metric.failed())} was not met")
    if driven and "dropped_iterations" not in _with_thresholds(summary):
        yield Finding("load test", "unknown", "it does not say whether k6 could keep its pace")


def _journey(spec: Spec, summary: _Summary, journey: str) -> Finding:
    expected = _expected(spec, journey)
    failed = [f"{name} {each}" for name in expected for each in summary.metrics.get(name, _Metric()).failed()]
    if failed:
        return Finding("load test", "block", f"not met: {', '.join(failed)}", journey=journey)
    present = _with_thresholds(summary)
    missing = [f"{name} {limit}" for name, limit in expected.items() if not _stands_in(present.get(name, []), limit)]
    if missing:
        says = f"its thresholds are not those of slo.yaml, missing: {', '.join(missing)}"
        return Finding("load test", "unknown", says, journey=journey)
    return Finding("load test", "allow", "every threshold was met", journey=journey)


def _expected(spec: Spec, journey: str) -> dict[str, str]:
    """Metric and start of its threshold, as slo/k6.py has them written."""
    of = f"{{journey:{journey}}}"
    rates = {
        f"journey_within_{latency.under * 1000:.0f}ms{of}": f"rate>={latency.target:g}"
        for latency in spec.objectives.latency
    }
    failed = round(1 - spec.objectives.availability.target, 12)
    return {f"journey_requests{of}": "count>=", f"journey_failed{of}": f"rate<={failed:g}", **rates}


def _stands_in(thresholds: list[str], limit: str) -> bool:
    return any(threshold == limit or (limit == "count>=" and threshold.startswith(limit)) for threshold in thresholds)


def _with_thresholds(summary: _Summary) -> dict[str, list[str]]:
    return {name: list(metric.thresholds) for name, metric in summary.metrics.items() if metric.thresholds}


def _read(path: Path) -> _Summary:
    try:
        return _Summary.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SummaryError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        raise SummaryError(f"{path}: {_what(error.errors()[0])}") from None


def _what(fault: Any) -> str:
    if fault["type"] == "missing" and fault["loc"] == ("metrics",):
        return "not a summary with thresholds: make it with `k6 run --summary-export=FILE`"
    return f"not a summary of k6: {'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}"
