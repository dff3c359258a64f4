from collections.abc import Callable
from pathlib import Path

import pytest
from aioprometheus.renderer import render

from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise

ROOT = Path(__file__).parents[2]


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(load_promise(ROOT / "slo.yaml"), providers=("test",), sinks=("mailbox", "live"))


@pytest.fixture
def scrape(metrics: Metrics) -> Callable[[], list[str]]:
    """The lines that Prometheus would get."""
    return lambda: render(metrics.registry, [])[0].decode().splitlines()
