"""An invented evening for a fresh shop's Prometheus, so that a picture of its status shows more than a minute."""

import math
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from slo import series
from slo.objectives import Objective, objectives
from slo.spec import Spec
from tools.programs.prometheus import write_past

_SALE = timedelta(hours=2.5)
"""How long ago a sale opened."""


def remember_an_evening(spec: Spec, data: Path) -> None:
    """Write the last hours of every objective into a Prometheus's data, before it starts."""
    windows = [window.long for window in spec.alerting.of("page")]
    end, step = time.time(), spec.prometheus.evaluation_interval.total_seconds()
    ages = [place * step for place in range(int(max(windows).total_seconds() / step), -1, -1)]
    samples: dict[str, list[tuple[float, float]]] = {}
    for objective, journey, events in _lines(spec):
        labels = f'{{slo="{objective.name}"' + (f',journey="{journey}"}}' if journey else "}")
        for age in ages:
            rate = _burn(objective, journey, age)
            for name, value in (
                *((series.burn_rate(window), rate) for window in windows),
                (series.events(spec.sample_window), events),
                (series.bad(spec.sample_window), rate * objective.budget * events),
            ):
                samples.setdefault(name + labels, []).append((end - age, value))
    write_past(data, samples)


def _lines(spec: Spec) -> Iterator[tuple[Objective, str, float]]:
    """Each objective with its journeys, and the events a second that they expect."""
    for objective in objectives(spec):
        for journey, events in objective.events_per_second.items():
            yield objective, journey, events


def _burn(objective: Objective, journey: str, age: float) -> float:
    """A calm evening, but for the rush when a sale opened: those who buy feel it most."""
    calm = 0.15 * (1.2 + math.sin(age / 1700 + len(objective.name + journey)))
    since = _SALE.total_seconds() - age
    rush = {"book": 5.0, "browse": 1.6, "account": 0.3}.get(journey, 0.9)
    return round(calm + (rush * math.exp(-since / 3000) * (1 - math.exp(-since / 400)) if since > 0 else 0.0), 4)
