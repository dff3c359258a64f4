"""The sections of slo.yaml that the service reads, and which values each of their fields may have."""

import re
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

Outcome = Literal["good", "bad", "excluded"]
Severity = Literal["page", "ticket"]
Verdict = Literal["allow", "warn", "block"]
Change = Literal["feature", "fix", "security", "rollback"]
OUTCOMES: tuple[Outcome, ...] = ("good", "bad", "excluded")

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[A-Za-z0-9_.{}/-]*)")


def _duration(text: object) -> timedelta:
    """5m, 28d: a whole number and one of s, m, h, d."""
    match = re.fullmatch(r"(\d+)([smhd])", str(text))
    if match is None:
        raise ValueError("expected a duration such as 5m or 28d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _route(text: str) -> str:
    if _ROUTE.fullmatch(text) is None:
        raise ValueError("expected a route such as GET /api/events/{event_id}")
    return text


def _ascending(edges: tuple[float, ...]) -> tuple[float, ...]:
    if list(edges) != sorted(set(edges)) or edges[0] <= 0:
        raise ValueError("expected edges above zero, each greater than the one before")
    return edges


Duration = Annotated[timedelta, BeforeValidator(_duration)]
RouteName = Annotated[str, AfterValidator(_route)]
Share = Annotated[float, Field(gt=0, lt=1)]
Edges = Annotated[tuple[float, ...], Field(min_length=1), AfterValidator(_ascending)]


class Section(BaseModel):
    """A part of slo.yaml: a key that is not known is an error, not a promise nobody keeps."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Journey(Section):
    title: str
    routes: tuple[RouteName, ...]


class Availability(Section):
    target: Share

    name: ClassVar[str] = "availability"
    title: ClassVar[str] = "Requests answered well"
    by_journey: ClassVar[bool] = True
    can_page: ClassVar[bool] = True


class Latency(Section):
    """target: share of requests under `under` seconds."""

    target: Share
    under: float

    by_journey: ClassVar[bool] = True
    can_page: ClassVar[bool] = True

    @property
    def name(self) -> str:
        return f"latency-{self.under * 1000:.0f}ms"

    @property
    def title(self) -> str:
        return f"Requests answered within {self.under:g} s"


class Saturation(Section):
    """target: share of slices in which the pool's busy ratio stays at or below `busy`."""

    target: Share
    busy: Share
    slice: Duration

    name: ClassVar[str] = "saturation"
    by_journey: ClassVar[bool] = False
    can_page: ClassVar[bool] = False  # a busy pool hurts nobody yet; when it does, availability and latency page

    @property
    def title(self) -> str:
        return f"Time with the database pool at most {self.busy:.0%} busy"


class Tickets(Section):
    """target: share of payments that have their tickets within `under` seconds."""

    target: Share
    under: float

    name: ClassVar[str] = "tickets"
    by_journey: ClassVar[bool] = False
    can_page: ClassVar[bool] = True

    @property
    def title(self) -> str:
        return f"Payments that have their tickets within {self.under:g} s"


Objective = Availability | Latency | Saturation | Tickets


class PageLoad(Section):
    quantile: Share
    under: float
    advisory: bool


class Objectives(Section):
    availability: Availability
    latency: Annotated[tuple[Latency, ...], Field(min_length=1)]
    saturation: Saturation
    tickets: Tickets
    page_load: PageLoad

    def with_a_budget(self) -> tuple[Objective, ...]:
        """All but the advisory ones, in the order of the file."""
        return (self.availability, *self.latency, self.saturation, self.tickets)


class Buckets(Section):
    """Upper edges of the histograms, in seconds (cls: without unit)."""

    seconds: Edges
    tickets: Edges
    lcp: Edges
    inp: Edges
    cls: Edges


class Rule(Section):
    """An answer with this status, in less than `under` seconds where that is given, has this outcome."""

    status: Annotated[str, BeforeValidator(str), Field(pattern=r"^[1-5](\d\d|xx)$")]
    outcome: Outcome
    under: float | None = None

    def covers(self, status: int) -> bool:
        return self.status in (str(status), f"{status // 100}xx")


class BurnWindow(Section):
    """Alert when the budget has gone `burn` times too fast over the long window, and still does over the short one."""

    severity: Severity
    burn: Annotated[float, Field(gt=0)]
    long: Duration
    short: Duration


class BurnWindows(BaseModel):
    """Of the section on alerting what the status shows; the rest of it is for the rules."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    windows: Annotated[tuple[BurnWindow, ...], Field(min_length=1)]

    def of(self, severity: Severity) -> tuple[BurnWindow, ...]:
        """The windows that end in a page, or in a ticket."""
        return tuple(window for window in self.windows if window.severity == severity)


class Tier(Section):
    """The verdict while more than `above` of the budget is left; the tier without it is for the rest."""

    above: float | None = None
    verdict: Verdict
    except_: Annotated[tuple[Change, ...], Field(alias="except")] = ()


class GateTiers(BaseModel):
    """Of the section on the gate what the status shows: which releases go out while so much of a budget is left."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]

    @field_validator("tiers")
    @classmethod
    def _from_full_to_empty(cls, tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
        limits = [tier.above for tier in tiers]
        if limits[-1] is not None or None in limits[:-1]:
            raise ValueError("expected `above` in every tier but the last, which is for what is left")
        known = [limit for limit in limits if limit is not None]
        if known != sorted(set(known), reverse=True):
            raise ValueError("expected tiers from the fullest budget to the emptiest")
        return tiers

    def of(self, left: float) -> Tier:
        """The first that fits."""
        return next(tier for tier in self.tiers if tier.above is None or left > tier.above)
