"""Whether the gate's policy can block at all: one that never does would be obeyed by everybody, and help nobody."""

import math
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import get_args

from backend.telemetry.promise_faults import Fault
from backend.telemetry.promise_sections import Change, Tier
from slo.objectives import objectives
from slo.series import duration
from slo.spec import Spec

_LONGEST_STALE = timedelta(hours=1)
_LEAST_COVERAGE = 0.5
_SEVERITY = ("allow", "warn", "block")


def policy_faults(spec: Spec) -> Iterator[Fault]:
    yield from _tiers(spec)
    yield from _burn(spec)
    if spec.gate.stale > _LONGEST_STALE:
        yield Fault(("gate", "stale"), f"expected no more than {duration(_LONGEST_STALE)}: much burns in that time")
    if spec.gate.coverage < _LEAST_COVERAGE:
        yield Fault(("gate", "coverage"), f"expected at least {_LEAST_COVERAGE:.0%}: less says little of the window")


def _tiers(spec: Spec) -> Iterator[Fault]:
    """Each is for less of the budget than the one before it, so none may be milder."""
    tiers = spec.gate.tiers
    for number, tier in enumerate(tiers):
        if tier.above is not None and not math.isfinite(tier.above):
            yield Fault(("gate", "tiers", number, "above"), "expected a finite number")
        if (tier.above is None or tier.above < 0) and _severity(tier, "feature") < _SEVERITY.index("block"):
            yield Fault(("gate", "tiers", number), "lets features out although the budget is gone")
    changes: tuple[Change, ...] = get_args(Change)
    for number, (fuller, emptier) in enumerate(pairwise(tiers), 1):
        milder = next((each for each in changes if _severity(emptier, each) < _severity(fuller, each)), None)
        if milder is not None:
            yield Fault(("gate", "tiers", number), f"milder for a {milder} than the tier before it")


def _severity(tier: Tier, change: Change) -> int:
    """A change that is excepted is let pass with a warning."""
    return min(_SEVERITY.index(tier.verdict), 1) if change in tier.except_ else _SEVERITY.index(tier.verdict)


def _burn(spec: Spec) -> Iterator[Fault]:
    limit = spec.gate.burn.above
    for objective in objectives(spec):
        if objective.can_page and not limit * objective.budget < 1:
            yield Fault(("gate", "burn", "above"), f"not even a total outage burns {objective.name} that fast")
            return
