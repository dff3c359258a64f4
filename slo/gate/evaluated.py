"""Whether the alerts are evaluated: a page that nobody evaluates is as silent as one with nothing to tell."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from backend.telemetry.prometheus import Prometheus, PrometheusError
from slo.objectives import objectives
from slo.rules.burn import alert_name
from slo.spec import Spec


class _Rule(BaseModel):
    """lastEvaluation is long past for a rule that was never evaluated."""

    name: str
    health: str
    lastEvaluation: datetime  # noqa: N815 - its name there


class _Group(BaseModel):
    rules: tuple[_Rule, ...]


class _Rules(BaseModel):
    groups: tuple[_Group, ...]


async def not_evaluated(spec: Spec, prometheus: Prometheus, now: float) -> str:
    """Why the pages on fast burns are not to be relied on; "" when all of them were evaluated lately. now: as ever."""
    try:
        groups = (await prometheus.read("rules", _Rules, {"type": "alert"})).groups
    except PrometheusError as error:
        return f"whether alerts are evaluated cannot be learnt: {error}"
    sound = {rule.name for group in groups for rule in group.rules if _is_sound(rule, spec.gate.stale, now)}
    lacking = [name for name in _pages(spec) if name not in sound]
    return f"not evaluated lately, or not well: {', '.join(lacking)}" if lacking else ""


def _is_sound(rule: _Rule, stale: timedelta, now: float) -> bool:
    return rule.health == "ok" and abs(now - rule.lastEvaluation.timestamp()) <= stale.total_seconds()


def _pages(spec: Spec) -> list[str]:
    return list(dict.fromkeys(alert_name(each, "page") for each in objectives(spec) if each.can_page))
