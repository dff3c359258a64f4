"""What the relay counts arrives in the scrape."""

from pathlib import Path

from aioprometheus.renderer import render

from backend.db.pool import Database
from backend.messaging.events import Failure, Outcome
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from tests.messaging.post_room import Outbox, Recorder, relay_to

ROOT = Path(__file__).parents[2]


async def test_every_result_and_the_backlog_are_in_the_scrape(db: Database, outbox: Outbox) -> None:
    results: list[Outcome] = ["relayed", "skipped", Failure("later"), Failure("never", for_good=True)]
    events = dict(zip(await outbox.add(number=4), results, strict=True))
    metrics = Metrics(load_promise(ROOT / "slo.yaml"), sinks=("mail",))
    sink = Recorder(name="mail", answer=lambda event: events[event.id])
    relay = relay_to(db, sink, metrics=metrics)
    await relay.route()
    await relay.deliver(sink)
    await relay.measure()
    scrape = render(metrics.registry, [])[0].decode().splitlines()
    for result in ("relayed", "skipped", "failed", "dead"):
        assert f'events_relayed_total{{result="{result}",sink="mail"}} 1' in scrape
    assert "outbox_pending 1" in scrape
    assert any(line.startswith("outbox_oldest_seconds ") for line in scrape)
