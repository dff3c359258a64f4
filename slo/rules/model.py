"""Rules as values, before they are written for Prometheus or for its operator."""

from dataclasses import dataclass, field
from datetime import timedelta

from backend.telemetry.promise_sections import Severity


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    expr: str
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """severity: None for the alert that always fires. slo: its objective or subject, "" when its series say.

    when: its condition in words, with its numbers. lasting: how long the expression must hold before it counts.
    exporter: what must be added for it to see anything; "" when it looks at what every cluster of ours measures.
    """

    name: str
    when: str
    expr: str
    severity: Severity | None
    slo: str
    summary: str
    description: str
    lasting: timedelta = timedelta()
    exporter: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after another, at one moment."""

    name: str
    rules: tuple[Recording | Alert, ...]
