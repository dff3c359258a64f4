"""Overrides: a committed file in which somebody answers for letting a block pass, for a reason and for a time."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints, ValidationError

from backend.telemetry.promise_faults import Fault, PromiseError, refusal
from backend.telemetry.promise_sections import Section
from backend.yaml_file import YamlFile, YamlFileError
from slo.gate.findings import Check, Finding
from slo.objectives import objectives
from slo.spec import Spec

DEFAULT = Path(__file__).parents[1] / "overrides.yaml"


def moment(text: object) -> datetime:
    """2027-03-31, meaning its end, or 2027-03-31T18:00Z; without a zone it would end at another time elsewhere."""
    try:
        parsed = datetime.fromisoformat(str(text))
        if len(str(text)) == len("2027-03-31"):
            return datetime.combine(date.fromisoformat(str(text)) + timedelta(days=1), time(), UTC)
    except ValueError:
        raise ValueError("expected a date such as 2027-03-31, or a time such as 2027-03-31T18:00Z") from None
    if parsed.tzinfo is None:
        raise ValueError("expected a time with its zone, such as 2027-03-31T18:00Z")
    return parsed.astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(moment)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

_NEVER = ("TicketsOversold", "InvariantsBroken", "OutboxStalled", "PaymentsStalled")
"""Pages on books that are wrong or work that is stuck: no reason to release makes them harmless."""


class Override(Section):
    """Turns the blocks that it names into warnings. Names narrow it: check, slo, journey, alert; at least one is given.

    Unknown is not overridden: who does not know what is left cannot answer for spending it.
    """

    owner: Text
    reason: Text
    expires: Moment
    check: Check | None = None
    slo: Name | None = None
    journey: Name | None = None
    alert: Name | None = None

    def covers(self, finding: Finding) -> bool:
        names = ("check", "slo", "journey", "alert")
        return finding.alert not in _NEVER and all(
            getattr(self, name) in (None, getattr(finding, name)) for name in names
        )

    @property
    def says(self) -> str:
        return f"overridden by {self.owner} until {self.expires:%Y-%m-%d %H:%M} UTC: {self.reason}"


class Overrides(Section):
    overrides: tuple[Override, ...]


def read_overrides(path: Path, spec: Spec, now: datetime) -> tuple[Override, ...]:
    """All of them, expired ones too. PromiseError names file, line and field of what is wrong."""
    try:
        found = Overrides.model_validate(YamlFile(path).values).overrides
    except YamlFileError as error:
        raise PromiseError(str(error)) from None
    except ValidationError as error:
        raise refusal(path, (Fault(fault["loc"], fault["msg"]) for fault in error.errors())) from None
    faults = [fault for number, override in enumerate(found) for fault in _faults(spec, override, number, now)]
    if faults:
        raise refusal(path, faults)
    return found


def _faults(spec: Spec, override: Override, number: int, now: datetime) -> Iterator[Fault]:
    place = ("overrides", number)
    names = [objective.name for objective in objectives(spec)]
    if not (override.check or override.slo or override.journey or override.alert):
        yield Fault(place, "expected check, slo, journey or alert, to say what is let pass")
    if override.check == "alert" and override.alert is None:
        yield Fault((*place, "alert"), "expected the name of the alert that is let pass")
    if override.alert in _NEVER:
        yield Fault((*place, "alert"), f"{override.alert} is never let pass")
    if override.slo is not None and override.slo not in names and override.alert is None:
        yield Fault((*place, "slo"), f"expected one of {', '.join(names)}")
    if override.journey is not None and override.journey not in spec.journeys:
        yield Fault((*place, "journey"), f"expected one of {', '.join(spec.journeys)}")
    if override.expires > now + spec.window:
        yield Fault((*place, "expires"), f"expected no more than {spec.window.days} days ahead")


def apply(overrides: Iterable[Override], findings: Iterable[Finding], now: datetime) -> list[Finding]:
    """The findings, blocks that are covered as warnings that say who answers for them."""
    live = [override for override in overrides if override.expires > now]
    return [_passed(live, finding) for finding in findings]


def _passed(live: Iterable[Override], finding: Finding) -> Finding:
    override = next((each for each in live if each.covers(finding)), None)
    if finding.verdict != "block" or override is None:
        return finding
    return replace(finding, verdict="warn", says=f"{finding.says}; {override.says}")
