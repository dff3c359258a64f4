"""How settlements are counted."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.db.errors import Rejected
from backend.db.pool import Database
from backend.domain.payments import WebhookEvent
from backend.features.payments.inbox import measure_unsettled, process_inbox, receive
from backend.features.payments.settlements import Report, Settlements
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from tests.box_office import BoxOffice
from tests.features.inventory.selling import placed


@pytest.mark.parametrize(("paid", "at_least"), [(timedelta(hours=1), 0.0001), (timedelta(seconds=-5), 5.0)])
async def test_a_provider_whose_clock_is_ahead_does_not_make_tickets_arrive_before_their_payment(
    box_office: BoxOffice, db: Database, paid: timedelta, at_least: float
) -> None:
    metrics = Metrics(load_promise(), providers=("test",))
    _, payment = await placed(box_office, await box_office.publish(price=1000))
    report = Report(payment, "succeeded", "ref", paid_at=datetime.now(UTC) + paid)
    assert (await Settlements(db, metrics, "test").record(report)).result == "paid"
    waited = metrics.payment_to_ticket.sample()
    assert waited["count"] == 1
    assert at_least <= waited["sum"] < at_least + 5


async def test_nor_do_tickets_arrive_before_the_webhook_that_tells_of_their_payment(
    box_office: BoxOffice, db: Database
) -> None:
    metrics = Metrics(load_promise(), providers=("test",))
    _, payment = await placed(box_office, await box_office.publish(price=1000))
    told = WebhookEvent("e", "payment", "ref", payment, "succeeded", datetime.now(UTC) + timedelta(hours=1))
    await receive(db, "test", [told])
    assert await process_inbox(db, "test", metrics) == 1
    waited = metrics.payment_to_ticket.sample()
    assert waited["count"] == 1
    assert 0.0001 <= waited["sum"] < 5


async def test_what_is_reported_or_overdue_grows_old_until_it_is_settled(box_office: BoxOffice, db: Database) -> None:
    metrics = Metrics(load_promise(), providers=("test",))

    async def oldest() -> float | None:
        await measure_unsettled(db, "test", metrics)
        return metrics.payments_oldest.value

    _, payment = await placed(box_office, await box_office.publish(price=1000))
    assert await oldest() == 0
    await db.execute("UPDATE payment SET deadline_at = now() - interval '1 minute'")
    assert 60 <= (await oldest() or 0) < 90
    await receive(db, "test", [WebhookEvent("e", "payment", "ref", payment, "succeeded", datetime.now(UTC))])
    await db.execute("UPDATE webhook_inbox SET received_at = now() - interval '1 hour'")
    assert 3600 <= (await oldest() or 0) < 3630
    await process_inbox(db, "test", metrics)
    assert await oldest() == 0


async def test_what_cannot_be_measured_any_more_has_no_figure(db: Database) -> None:
    metrics = Metrics(load_promise(), providers=("test",))
    await measure_unsettled(db, "test", metrics)
    await db.execute("ALTER TABLE webhook_inbox RENAME TO elsewhere")
    with pytest.raises(Rejected):
        await measure_unsettled(db, "test", metrics)
    assert metrics.payments_oldest.value is None
