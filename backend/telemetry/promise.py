"""The reliability promise, read from slo.yaml: journeys, objectives, buckets and what counts as bad."""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.telemetry.promise_faults import Fault, PromiseError, refusal
from backend.telemetry.promise_sections import (
    Buckets,
    BurnWindows,
    Duration,
    Edges,
    GateTiers,
    Journey,
    Objectives,
    Outcome,
    RouteName,
    Rule,
)
from backend.yaml_file import Place, YamlFile, YamlFileError


class Promise(BaseModel):
    """What the backend reads of slo.yaml; sections for the rules and the gate alone are left to them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    service: str
    window: Duration
    journeys: Mapping[str, Journey]
    excluded: Mapping[str, tuple[RouteName, ...]]
    objectives: Objectives
    buckets: Buckets
    classification: tuple[Rule, ...]
    alerting: BurnWindows
    gate: GateTiers

    def faults(self) -> Iterator[Fault]:
        """Where sections that are right by themselves do not fit together; none in a promise that was read."""
        yield from self._thresholds_between_edges()
        yield from self._shared_thresholds()
        yield from self._routes_in_two_places()
        yield from self._unclassified()

    def _thresholds_between_edges(self) -> Iterator[Fault]:
        objectives, buckets = self.objectives, self.buckets
        thresholds: list[tuple[Place, float, str, Edges]] = [
            *(
                (("latency", number, "under"), latency.under, "seconds", buckets.seconds)
                for number, latency in enumerate(objectives.latency)
            ),
            (("tickets", "under"), objectives.tickets.under, "tickets", buckets.tickets),
            (("page_load", "under"), objectives.page_load.under, "lcp", buckets.lcp),
        ]
        for place, under, name, edges in thresholds:
            if under not in edges:
                yield Fault(("objectives", *place), f"the threshold {under:g} is no edge of buckets.{name}")

    def _shared_thresholds(self) -> Iterator[Fault]:
        """An objective is named after its threshold, so two of one name would be one to the rules."""
        first: dict[str, int] = {}
        for number, latency in enumerate(self.objectives.latency):
            other = first.setdefault(latency.name, number)
            if other != number:
                place = ("objectives", "latency", number, "under")
                yield Fault(place, f"expected a threshold of its own, {latency.under:g} s is latency.{other}'s")

    def _routes_in_two_places(self) -> Iterator[Fault]:
        seen: dict[str, str] = {}
        for place, route in self.places():
            if route in seen:
                yield Fault(place, f"a route stands in two places: {route} is in {seen[route]} too")
            seen.setdefault(route, str(place[1]))

    def _unclassified(self) -> Iterator[Fault]:
        """The first status whose answers have no outcome."""
        for status in range(100, 600):
            if not any(rule.covers(status) and rule.under is None for rule in self.classification):
                yield Fault(("classification",), f"no rule for every answer with status {status}")
                return

    def places(self) -> Iterator[tuple[Place, str]]:
        """Each route that the file names, and where."""
        for name, journey in self.journeys.items():
            for number, route in enumerate(journey.routes):
                yield ("journeys", name, "routes", number), route
        for name, routes in self.excluded.items():
            for number, route in enumerate(routes):
                yield ("excluded", name, number), route

    @cached_property
    def route_journeys(self) -> dict[str, str]:
        """'GET /api/events' -> 'browse'."""
        return {route: name for name, journey in self.journeys.items() for route in journey.routes}

    @cached_property
    def excluded_routes(self) -> frozenset[str]:
        return frozenset(route for routes in self.excluded.values() for route in routes)

    @cached_property
    def _outcomes(self) -> tuple[tuple[Rule, ...], ...]:
        return tuple(tuple(rule for rule in self.classification if rule.covers(status)) for status in range(600))

    def outcome(self, status: int, seconds: float) -> Outcome:
        """What an answer with this status, given after this time, means for the objectives."""
        for rule in self._outcomes[status]:
            if rule.under is None or seconds < rule.under:
                return rule.outcome
        raise AssertionError(f"no rule for {status}")  # faults() saw to it

    def check_routes(self, served: Iterable[str]) -> None:
        """Every served route ('GET /api/events') stands in the promise, and the promise names no other.

        PromiseError lists each disagreement. HEAD goes with its GET and need not be listed.
        """
        served = set(served)
        named = {*self.route_journeys, *self.excluded_routes}
        faults = [f"{route} is served but in no journey and not excluded" for route in sorted(served - named)]
        faults += [f"{route} is named but not served" for route in sorted(named - served)]
        if faults:
            raise PromiseError("slo.yaml does not match the service: " + "; ".join(faults))


def promise_file(environ: Mapping[str, str] = os.environ) -> Path:
    """SLO_FILE, else slo.yaml beside the backend package."""
    return Path(environ.get("SLO_FILE") or Path(__file__).parents[2] / "slo.yaml")


Model = TypeVar("Model", bound=Promise)


def load_promise(path: Path | None = None) -> Promise:
    """PromiseError, with file, line and field, when it is missing or wrong."""
    return read_promise(path or promise_file(), Promise)


def read_promise(path: Path, model: type[Model]) -> Model:
    """The file as that model of it. PromiseError names file, line and field of each mistake."""
    try:
        promise = model.model_validate(YamlFile(path).values)
    except YamlFileError as error:
        raise PromiseError(f"{error} (SLO_FILE names the file to read)") from None
    except ValidationError as error:
        raise refusal(path, (Fault(fault["loc"], fault["msg"]) for fault in error.errors())) from None
    faults = list(promise.faults())
    if faults:
        raise refusal(path, faults)
    return promise
