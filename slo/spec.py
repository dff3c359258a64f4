"""The whole of slo.yaml: the promise that the backend reads, and what the rules, the tests and the gate need beside."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field

from backend.telemetry.promise import Promise, promise_file, read_promise
from backend.telemetry.promise_faults import Fault
from backend.telemetry.promise_sections import BurnWindows, Duration, GateTiers, Section, Share

Positive = Annotated[float, Field(gt=0)]
PositiveCount = Annotated[int, Field(gt=0)]


class Traffic(Section):
    """What comes at least, on average over the window, in events a second."""

    journeys: dict[str, Positive]
    payments: Positive


class PrometheusSettings(Section):
    scrape_interval: Duration
    evaluation_interval: Duration
    retention: Duration


class Links(Section):
    runbooks: Annotated[str, Field(pattern=r"^https://[^\s]+/$")]

    def runbook(self, alert: str) -> str:
        """Where the alert's page is."""
        return f"{self.runbooks}{alert}.md"


class Severities(Section):
    page: Duration
    ticket: Duration


class SlowQuantile(Section):
    for_: Annotated[Duration, Field(alias="for")]
    minimum_requests: PositiveCount


class SaturationAlert(Section):
    """wait: seconds that a connection may be waited for, at that quantile."""

    for_: Annotated[Duration, Field(alias="for")]
    wait_quantile: Share
    wait: Positive


class ShareAlert(Section):
    share: Share
    for_: Annotated[Duration, Field(alias="for")]


class AbsentAlert(Section):
    for_: Annotated[Duration, Field(alias="for")]


class Platform(Section):
    """volume_free: share of a volume; restarts: of one container in an hour."""

    restarts: PositiveCount
    volume_free: Share
    certificate_days: PositiveCount
    at_maximum: Duration


class Alerting(BurnWindows):
    model_config = ConfigDict(extra="forbid", frozen=True)

    for_: Annotated[Severities, Field(alias="for")]
    keep_firing: Severities
    minimum_bad_events: PositiveCount
    slow_quantile: SlowQuantile
    saturation: SaturationAlert
    outbox_oldest: PositiveCount
    payments_oldest: PositiveCount
    probe_oldest: PositiveCount
    throttled: ShareAlert
    absent: AbsentAlert
    edge: ShareAlert
    platform: Platform


class GateBurn(Section):
    above: Positive
    window: Duration


class GatePolicy(GateTiers):
    model_config = ConfigDict(extra="forbid", frozen=True)

    burn: GateBurn
    coverage: Share
    stale: Duration


class Spec(Promise):
    """slo.yaml, every section of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    traffic: Traffic
    prometheus: PrometheusSettings
    links: Links
    alerting: Alerting
    gate: GatePolicy

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        for journey in sorted(set(self.journeys) ^ set(self.traffic.journeys)):
            yield Fault(("traffic", "journeys", journey), "expected the traffic of each journey, and of no other")

    @property
    def sample_window(self) -> timedelta:
        """The range of the shortest rates: what all long windows are summed from."""
        return min(window.short for window in self.alerting.windows)


def load_spec(path: Path | None = None) -> Spec:
    """PromiseError names file, line and field of each mistake."""
    return read_promise(path or promise_file(), Spec)
