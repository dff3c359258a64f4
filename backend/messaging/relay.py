"""From the outbox to the sinks: at least once, in about the order of the events, no sink waiting for another.

Two steps, each safe to break off anywhere. The router turns new outbox rows into one delivery per sink that wants them.
Each sink's own loops claim deliveries that are due, hand them over and delete them. A crash in between means that the
same events come again when the claim's lease is over.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from backend.db.errors import Busy, LockTimeout, QueryTimeout, Unavailable
from backend.db.pool import Database, Params, Row
from backend.db.queries import load_queries
from backend.messaging.events import Failure, OutboxEvent, Outcome, Sink
from backend.messaging.loops import Pause, every, poll, to_the_end, told_to_stop
from backend.messaging.meters import NoMetrics, RelayMetrics

_log = logging.getLogger(__name__)
queries = load_queries(__package__)

ROUTED_AT_ONCE = 500
MEASURE_SECONDS = 5.0
# On top of a sink's timeout: what recording the outcome may take, so that a lease never ends before its delivery.
LEASE_MARGIN = 30.0
RECORD_PATIENCE = 20.0
RECORD_PAUSE = 0.2
# A worker that is told to stop finishes what it delivers, as breaking off would deliver it twice; but not for ever.
STOP_PATIENCE = 15.0
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Retries:
    """How often and when a delivery is tried again: ten attempts over about two and a half hours.

    first, longest: seconds. Each pause is `factor` times the one before, a quarter more or less.
    """

    attempts: int = 10
    first: float = 2.0
    factor: float = 3.0
    longest: float = 3600.0

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures."""
        seconds = min(self.longest, self.first * self.factor ** (failures - 1))
        return seconds * random.uniform(0.75, 1.25)  # noqa: S311 - spreads load


class Relay:
    """Carries domain events to the sinks for as long as `run` runs; several workers may do so at once."""

    def __init__(
        self,
        db: Database,
        sinks: Sequence[Sink],
        metrics: RelayMetrics | None = None,
        *,
        retries: Retries | None = None,
        pause: Pause | None = None,
    ) -> None:
        self._db = db
        self._sinks = tuple(sinks)
        self._metrics = metrics or NoMetrics()
        self._retries = retries or Retries()
        self._pause = pause or Pause(0.1, 0.25)
        wanted = [(sink.name, type_, sink.needs_address) for sink in self._sinks for type_ in sorted(sink.wants)]
        self._wanted = {
            "sinks": [name for name, _, _ in wanted],
            "types": [type_ for _, type_, _ in wanted],
            "needs_address": [needs for _, _, needs in wanted],
        }

    async def run(self) -> None:
        """Until cancelled; what is being delivered then is finished first."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(poll(self.route, "routing of events", self._pause))
            loops.create_task(every(MEASURE_SECONDS, self.measure, "measuring the outbox"))
            for sink in self._sinks:
                for _ in range(sink.concurrency):
                    loops.create_task(poll(partial(self.deliver, sink), f"delivery to {sink.name}", self._pause))

    async def route(self) -> bool:
        """Route one batch of new events; whether more may be waiting."""
        ((routed, _, skipped),) = await self._db.fetch_all(queries.route, {**self._wanted, "most": ROUTED_AT_ONCE})
        for sink, count in skipped.items():
            self._metrics.relayed.labels(sink, "skipped").inc(count)
        return bool(routed == ROUTED_AT_ONCE)

    async def deliver(self, sink: Sink) -> bool:
        """Deliver one batch to the sink; whether more may be waiting."""
        return await to_the_end(self._deliver(sink), STOP_PATIENCE)

    async def measure(self) -> None:
        """Bring the backlog's gauges up to date; they have no value while the backlog cannot be read."""
        try:
            pending, oldest = await self._db.fetch_one(queries.backlog, retry=True) or (0, 0.0)
        except BaseException:
            self._metrics.outbox_pending.forget()
            self._metrics.outbox_oldest.forget()
            raise
        self._metrics.outbox_pending.set(pending)
        self._metrics.outbox_oldest.set(oldest)

    async def _deliver(self, sink: Sink) -> bool:
        lease = timedelta(seconds=sink.timeout + LEASE_MARGIN)
        rows = await self._db.fetch_all(queries.claim, {"sink": sink.name, "most": sink.batch, "lease": lease})
        if not rows:
            return False
        events = [OutboxEvent(*row[1:]) for row in rows]
        await self._record(sink, rows, events, await hand_over(sink, events))
        return len(rows) == sink.batch

    async def _record(
        self, sink: Sink, rows: Sequence[Row], events: Sequence[OutboxEvent], outcomes: Sequence[Outcome]
    ) -> None:
        done = [event.id for event, outcome in zip(events, outcomes, strict=True) if not isinstance(outcome, Failure)]
        if done:
            await self._keep(queries.delivered, {"sink": sink.name, "ids": done})
        failed = [
            self._failed(sink, event, outcome, attempts=row[0] + 1)
            for row, event, outcome in zip(rows, events, outcomes, strict=True)
            if isinstance(outcome, Failure)
        ]
        if failed:
            columns = dict(zip(("ids", "errors", "pauses", "dead"), map(list, zip(*failed, strict=True)), strict=True))
            await self._keep(queries.failed, {"sink": sink.name, **columns})
        results = Counter[str](outcome for outcome in outcomes if not isinstance(outcome, Failure))
        results.update("dead" if dead else "failed" for *_, dead in failed)
        for result, count in results.items():
            self._metrics.relayed.labels(sink.name, result).inc(count)

    async def _keep(self, sql: str, params: Params) -> None:
        """Record an outcome, also through an outage that is shorter than the lease: forgetting it delivers again."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + RECORD_PATIENCE
        while True:
            try:
                await self._db.execute(sql, params)
            except (Unavailable, Busy, QueryTimeout, LockTimeout):
                if loop.time() > give_up:
                    raise
                await asyncio.sleep(RECORD_PAUSE)
            else:
                return

    def _failed(self, sink: Sink, event: OutboxEvent, failure: Failure, attempts: int) -> tuple[int, str, float, bool]:
        dead = failure.for_good or attempts >= self._retries.attempts
        level = logging.ERROR if dead else logging.WARNING
        then = "given up" if dead else "to be tried again"
        _log.log(level, "%s: event %d (%s) %s: %s", sink.name, event.id, event.type, then, failure.reason)
        # PostgreSQL's text holds no zero characters, and a sink may report whatever a server told it.
        reason = failure.reason.replace("\0", "")[:LONGEST_REASON]
        return event.id, reason, self._retries.pause(attempts), dead


async def hand_over(sink: Sink, events: Sequence[OutboxEvent]) -> Sequence[Outcome]:
    """What became of each event; an exception, a wrong answer or none in time is a failure of them all."""
    try:
        async with asyncio.timeout(sink.timeout) as limit:
            outcomes = await sink.deliver(events)
    except (Exception, asyncio.CancelledError) as error:
        if told_to_stop(error):
            raise
        if limit.expired():
            return [Failure(f"no answer within {sink.timeout:g} s")] * len(events)
        _log.warning("%s failed to take %d events", sink.name, len(events), exc_info=error)
        return [Failure(f"{type(error).__name__}: {error}")] * len(events)
    if len(outcomes) != len(events):
        return [Failure(f"the sink answered {len(outcomes)} outcomes for {len(events)} events")] * len(events)
    return outcomes
