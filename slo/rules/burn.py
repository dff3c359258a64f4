"""Alerts on how fast the error budgets go: several windows, several rates, joined by `or` in one alert a severity."""

from collections.abc import Iterator

from backend.telemetry.promise_sections import BurnWindow, Severity
from slo import series
from slo.objectives import Objective, objectives
from slo.rules.model import Alert, Group
from slo.spec import Spec

_KINDS = {  # start of an objective's name -> start of its alerts' names, and what its bad events are
    "availability": ("SLOAvailability", "Requests fail"),
    "latency": ("SLOLatency", "Requests are slow"),
    "saturation": ("SLOSaturation", "The database pool is busy"),
    "tickets": ("SLOTickets", "Tickets come late after the payment"),
}
_PACE: dict[Severity, str] = {"page": "FastBurn", "ticket": "SlowBurn"}


def groups(spec: Spec) -> Iterator[Group]:
    yield Group("burn", tuple(_alerts(spec)))


def alert_name(objective: Objective, severity: Severity) -> str:
    """SLOAvailabilityFastBurn, SLOLatencySlowBurn: both latency objectives share theirs, the label slo tells which."""
    return f"{_kind(objective)[0]}{_PACE[severity]}"


def can_fire(objective: Objective, window: BurnWindow) -> bool:
    """Whether somebody is to be alerted: a saturated pool alone wakes nobody."""
    return window.severity != "page" or objective.can_page


def _kind(objective: Objective) -> tuple[str, str]:
    return _KINDS[objective.name.partition("-")[0]]


def _alerts(spec: Spec) -> Iterator[Alert]:
    for severity in _PACE:
        names: dict[str, list[Objective]] = {}
        for objective in objectives(spec):
            if any(can_fire(objective, window) for window in spec.alerting.of(severity)):
                names.setdefault(alert_name(objective, severity), []).append(objective)
        for name, those in names.items():
            yield _alert(spec, severity, name, those)


def _alert(spec: Spec, severity: Severity, name: str, those: list[Objective]) -> Alert:
    alerting = spec.alerting
    pairs = [_burning(window, those, alerting.minimum_bad_events) for window in alerting.of(severity)]
    what = _kind(those[0])[1]
    where = "{{ with $labels.journey }} in the journey {{ . }}{{ end }}"
    return Alert(
        name=name,
        when=f"{_in_words(spec, severity)}; {alerting.minimum_bad_events} bad events or more",
        expr="\nor\n".join(f"(\n{pair}\n)" for pair in pairs),
        severity=severity,
        slo=those[0].name if len(those) == 1 else "",
        lasting=alerting.for_.page if severity == "page" else alerting.for_.ticket,
        summary=f"{what}{where}: the error budget goes too fast",
        description=(
            f"The {series.duration(spec.window)} budget of {{{{ $labels.slo }}}}{where} goes "
            "{{ $value | humanize }} times faster than it may; at 1 it would last exactly as long as the window."
        ),
    )


def _in_words(spec: Spec, severity: Severity) -> str:
    return ", or ".join(
        f"{window.burn:g} times too fast over {series.duration(window.long)} and {series.duration(window.short)}"
        for window in spec.alerting.of(severity)
    )


def _burning(window: BurnWindow, those: list[Objective], minimum: int) -> str:
    """Too fast for long enough to matter, still too fast now, and by more than a handful of events."""
    names = "|".join(objective.name for objective in those)
    which = f'{{slo="{names}"}}' if len(those) == 1 else f'{{slo=~"{names}"}}'
    return "\n".join(
        [
            f"  {series.burn_rate(window.long)}{which} > {window.burn!r}",
            f"  and {series.burn_rate(window.short)}{which} > {window.burn!r}",
            f"  and {series.bad(window.long)}{which} * {window.long.total_seconds():.0f} >= {minimum}",
        ]
    )
