"""Whether the promise can be kept, and whether its alerts can ever tell: what each section cannot see by itself.

Every fault names the place in slo.yaml to change; nothing is built from a file that has one.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from backend.telemetry.promise import promise_file
from backend.telemetry.promise_faults import Fault, refusal
from cdk.settings import ENVIRONMENTS, SettingsError, environment
from cdk.settings.database import RESERVED_CONNECTIONS
from cdk.settings.workloads import connections_needed
from slo.gate.soundness import policy_faults
from slo.objectives import Objective, objectives
from slo.rules.burn import can_fire
from slo.series import duration
from slo.spec import Spec, load_spec

_API = Path(__file__).parents[1] / "backend" / "openapi.json"
_SCRAPES_IN_A_RATE = 4  # so that one lost scrape leaves enough for a rate


def solvable_spec(path: Path | None = None) -> Spec:
    """slo.yaml, read and found solvable; PromiseError names line and field of each fault."""
    path = path or promise_file()
    spec = load_spec(path)
    found = list(faults(spec))
    if found:
        raise refusal(path, found)
    return spec


def faults(spec: Spec) -> Iterator[Fault]:
    checks: tuple[Callable[[Spec], Iterator[Fault]], ...] = (
        _windows,
        _burns,
        _budgets,
        _slow_quantile,
        _measuring,
        _routes,
        _classification,
        _connections,
        policy_faults,
    )
    for check in checks:
        yield from check(spec)


def _windows(spec: Spec) -> Iterator[Fault]:
    for number, window in enumerate(spec.alerting.windows):
        place = ("alerting", "windows", number)
        if window.short >= window.long:
            yield Fault((*place, "short"), "expected less than the long window: it tells whether it still burns")
        if window.long > spec.window:
            yield Fault((*place, "long"), f"expected no more than the window, {duration(spec.window)}")
        if window.burn < 1:
            yield Fault((*place, "burn"), "below 1 it alerts although the objective is being kept")
    for severity in ("page", "ticket"):
        if not spec.alerting.of(severity):
            yield Fault(("alerting", "windows"), f"expected at least one window that ends in a {severity}")


def _burns(spec: Spec) -> Iterator[Fault]:
    """An alert needs burn x budget of the events to be bad; there are never more than all of them."""
    for number, window in enumerate(spec.alerting.windows):
        for objective in objectives(spec):
            share = window.burn * objective.budget
            if can_fire(objective, window) and share >= 1:
                yield Fault(
                    ("alerting", "windows", number, "burn"),
                    f"{window.burn:g} x the budget of {objective.name}, {objective.budget:g}, is {share:.3g}: "
                    f"not even a total outage would end in this {window.severity}",
                )


def _budgets(spec: Spec) -> Iterator[Fault]:
    """Too little traffic for a budget of several events: the first bad one would spend it."""
    minimum = spec.alerting.minimum_bad_events
    for objective in objectives(spec):
        for journey, rate in objective.events_per_second.items():
            allowed = rate * spec.window.total_seconds() * objective.budget
            if allowed < minimum:
                yield Fault(
                    _place_of_traffic(objective, journey),
                    f"{rate:g} events a second give {objective.name} a budget of {allowed:.1f} bad ones in "
                    f"{duration(spec.window)}, fewer than alerting.minimum_bad_events, {minimum}",
                )


def _place_of_traffic(objective: Objective, journey: str) -> tuple[str, ...]:
    if objective.by_journey:
        return ("traffic", "journeys", journey)
    return ("objectives", "saturation", "target") if objective.in_slices else ("traffic", "payments")


def _slow_quantile(spec: Spec) -> Iterator[Fault]:
    """A journey that never has so many requests could be slow for ever."""
    rule = spec.alerting.slow_quantile
    seconds = (spec.sample_window + rule.for_).total_seconds()
    for journey, rate in spec.traffic.journeys.items():
        if rate * seconds < rule.minimum_requests:
            yield Fault(
                ("alerting", "slow_quantile", "minimum_requests"),
                f"{journey} has {rate * seconds:g} requests in the {duration(spec.sample_window + rule.for_)} that "
                "LatencyP95Breaching looks at: it could never fire there",
            )


def _measuring(spec: Spec) -> Iterator[Fault]:
    prometheus, sample = spec.prometheus, spec.sample_window
    if prometheus.retention < spec.window:
        yield Fault(
            ("prometheus", "retention"),
            f"shorter than the window, {duration(spec.window)}: the budget would silently be that of less time",
        )
    if prometheus.scrape_interval * _SCRAPES_IN_A_RATE > sample:
        yield Fault(
            ("prometheus", "scrape_interval"),
            f"a rate over {duration(sample)} needs {_SCRAPES_IN_A_RATE} scrapes or more",
        )
    if prometheus.evaluation_interval > sample:
        yield Fault(("prometheus", "evaluation_interval"), f"sums would miss part of each {duration(sample)}")
    if spec.gate.stale < prometheus.evaluation_interval:
        yield Fault(("gate", "stale"), "shorter than the evaluation interval: every sample would be stale")


def _routes(spec: Spec) -> Iterator[Fault]:
    """Each route of the API has its place. Those outside /api are in no document; the backend compares at its start."""
    paths = json.loads(_API.read_text(encoding="utf-8"))["paths"]
    served = {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}
    for route in sorted(served - {*spec.route_journeys, *spec.excluded_routes}):
        yield Fault(("journeys",), f"{route} is served but in no journey and not excluded")
    for place, route in spec.places():
        if route.partition(" ")[2].startswith("/api/") and route not in served:
            yield Fault(place, f"{route} is named but not served")


def _classification(spec: Spec) -> Iterator[Fault]:
    decided: set[int] = set()
    for number, rule in enumerate(spec.classification):
        covered = {status for status in range(100, 600) if rule.covers(status)}
        if covered <= decided:
            yield Fault(("classification", number), f"never decides: the rules before it cover every {rule.status}")
        if rule.under is None:
            decided |= covered


def _connections(spec: Spec) -> Iterator[Fault]:
    """As many pods as may run, with full pools, fit the database; else its limit is met before the pool's share is."""
    for name in ENVIRONMENTS:
        try:
            settings = environment(name)
        except SettingsError as error:
            yield Fault(("objectives", "saturation"), f"the settings of {name} cannot keep it: {error}")
            continue
        needed = connections_needed(settings.backend, settings.worker, settings.frontend)
        usable = settings.database.max_connections - RESERVED_CONNECTIONS
        busy = spec.objectives.saturation.busy
        if needed > busy * usable:
            yield Fault(
                ("objectives", "saturation", "busy"),
                f"all pods of {name} may hold {needed} connections, more than {busy:.0%} of the database's {usable}",
            )
