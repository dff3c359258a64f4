"""What the relay counts, as far as it needs to know of the metrics; `backend.telemetry.metrics.Metrics` fits."""

from __future__ import annotations

from typing import Protocol


class Counter(Protocol):
    """Only ever grows."""

    def inc(self, amount: float = 1) -> None:
        """Count `amount` more."""


class Gauge(Protocol):
    """A figure as it is now."""

    def set(self, value: float) -> None:
        """Replace the figure."""

    def forget(self) -> None:
        """Have no figure until the next one is known."""


class CounterFamily(Protocol):
    """A counter for each combination of labels."""

    def labels(self, *values: str) -> Counter:
        """The counter of these labels."""


class RelayMetrics(Protocol):
    """outbox_pending, outbox_oldest_seconds, and events_relayed_total by sink and result.

    result: relayed, skipped, failed (to be tried again) or dead (given up).
    """

    @property
    def outbox_pending(self) -> Gauge:
        """Events that some sink still waits for."""

    @property
    def outbox_oldest(self) -> Gauge:
        """Age in seconds of the oldest of them."""

    @property
    def relayed(self) -> CounterFamily:
        """Deliveries by sink and result."""


class _Nothing:
    def inc(self, amount: float = 1) -> None:
        pass

    def set(self, value: float) -> None:
        pass

    def forget(self) -> None:
        pass

    def labels(self, *_values: str) -> _Nothing:
        return self


class NoMetrics:
    """For whoever does not measure."""

    outbox_pending = outbox_oldest = relayed = _Nothing()
