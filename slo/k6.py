"""Thresholds for load tests: a module that k6 scripts import, with the promise's numbers in it."""

import json
from pathlib import Path
from typing import Any

from slo.heads import MADE_BY
from slo.spec import Spec

OUTPUT = Path("loadtests/thresholds.js")
_MODULE = Path(__file__).parent / "templates" / "thresholds.js"


def write(spec: Spec) -> dict[Path, str]:
    module = _MODULE.read_text(encoding="utf-8")
    return {OUTPUT: f"// {MADE_BY}\n\n" + module.replace('"PROMISE"', json.dumps(_promise(spec), indent=2))}


def _promise(spec: Spec) -> dict[str, Any]:
    objectives = spec.objectives
    return {
        "journeys": list(spec.journeys),
        "routes": spec.route_journeys,
        "failed": round(1 - objectives.availability.target, 12),
        "latencies": [
            {
                "metric": f"journey_within_{latency.under * 1000:.0f}ms",
                "target": latency.target,
                "percentile": float(f"{latency.target * 100:.10g}"),
                "under": latency.under,
            }
            for latency in objectives.latency
        ],
        "minimum": spec.alerting.slow_quantile.minimum_requests,
        "classification": [rule.model_dump(exclude_none=True) for rule in spec.classification],
    }
