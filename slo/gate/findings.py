"""What the gate has found, and what follows from all of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from backend.telemetry.promise_sections import Change

GateVerdict = Literal["block", "unknown", "warn", "allow"]
Check = Literal["prometheus", "alert", "coverage", "budget", "burn", "load test"]

EXIT_CODES: dict[GateVerdict, int] = {"block": 20, "unknown": 30, "warn": 10, "allow": 0}
"""The graver verdict first: one block decides, whatever else is unknown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """slo, journey: what it is about, "" when it is about no single one. alert: the name of one that fires."""

    check: Check
    verdict: GateVerdict
    says: str
    slo: str = ""
    journey: str = ""
    alert: str = ""
    value: float | None = None
    limit: float | None = None

    @property
    def about(self) -> str:
        return " ".join(filter(None, (self.slo, self.journey and f"({self.journey})"))) or "all"


def verdict(findings: Iterable[Finding], change: Change) -> GateVerdict:
    """The gravest of them. A rollback is always allowed: it is the way out."""
    if change == "rollback":
        return "allow"
    found = {finding.verdict for finding in findings}
    return next((grave for grave in EXIT_CODES if grave in found), "unknown")
