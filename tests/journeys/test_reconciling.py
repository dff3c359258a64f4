"""The worker and a provider that cannot be relied on: its key is wrong, it forgets, it answers nonsense."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from backend import parts
from backend.domain.payments import (
    PaymentIntent,
    PaymentProvider,
    ProviderRefused,
    RefundRequest,
    RefundResult,
    WrongKey,
)
from backend.features.payments.free import FreeProvider
from backend.features.payments.inbox import process_inbox
from backend.features.payments.psp import PspProvider
from backend.features.payments.reconciler import Reconciler
from backend.features.payments.settlements import Settlements
from backend.psp.cards import card_named
from tests.journeys.conftest import OpenShop
from tests.shop import Answer, Shop


@pytest.fixture
async def shop(open_shop: OpenShop) -> AsyncIterator[Shop]:
    """One whose worker is the test."""
    async with open_shop(worker=False) as shop:
        yield shop


@pytest.fixture
async def provider(shop: Shop) -> AsyncIterator[PaymentProvider]:
    provider = parts.provider(shop.settings)
    yield provider
    await provider.close()


class Confused:
    """A provider that fails with `error` when asked about `reference`."""

    def __init__(self, provider: PaymentProvider, reference: str, error: Exception) -> None:
        self._provider = provider
        self._reference = reference
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)

    async def retrieve(self, reference: str) -> PaymentIntent:
        self._think(reference)
        return await self._provider.retrieve(reference)

    async def refund(self, request: RefundRequest) -> RefundResult:
        self._think(request.reference)
        return await self._provider.refund(request)

    def _think(self, reference: str) -> None:
        if reference == self._reference:
            raise self._error


def reconciler(shop: Shop, provider: Any) -> Reconciler:
    database, metrics = shop.box_office.database, parts.metrics(shop.settings)
    return Reconciler(database, provider, Settlements(database, metrics, shop.settings.payment_provider))


async def check_now(shop: Shop, provider: Any) -> None:
    await shop.box_office.database.execute("UPDATE payment SET check_at = now(); UPDATE refund SET check_at = now()")
    await reconciler(shop, provider).settle_open_payments()
    await reconciler(shop, provider).send_refunds()


async def cancelled(shop: Shop) -> Answer:
    bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=1000)))
    path = f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}"
    assert (await shop.ask("POST", path, {})).status == 200
    return bought


async def hosted(shop: Shop) -> str:
    """The provider's name of a new payment on its page."""
    bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=1000, capacity=1)), "hosted")
    return str(
        await shop.box_office.value(
            "SELECT reference FROM payment WHERE order_id = %(order)s", order=bought.body["order_id"]
        )
    )


async def refund_statuses(shop: Shop) -> list[str]:
    return [status for (status,) in await shop.box_office.rows("SELECT status FROM refund ORDER BY created_at")]


async def payment_statuses(shop: Shop) -> list[str]:
    return [status for (status,) in await shop.box_office.rows("SELECT status FROM payment ORDER BY created_at")]


async def test_a_refund_that_met_a_wrong_key_is_sent_again(
    shop: Shop, provider: PaymentProvider, caplog: pytest.LogCaptureFixture
) -> None:
    await cancelled(shop)
    revoked = PspProvider(shop.psp_url, api_key="revoked", webhook_secret="secret", webhook_url="http://shop.example")
    await check_now(shop, revoked)
    await revoked.close()
    assert await refund_statuses(shop) == ["due"]
    assert [record.levelno for record in caplog.records if "refund" in record.message] == [logging.ERROR]
    await check_now(shop, provider)
    assert await refund_statuses(shop) == ["done"]


async def test_a_refund_of_a_payment_that_the_provider_does_not_know_stays_due(
    shop: Shop, provider: PaymentProvider
) -> None:
    await cancelled(shop)
    reference = await shop.box_office.value("SELECT reference FROM payment")
    await shop.box_office.database.execute("UPDATE payment SET reference = 'pi_of_another_account'")
    await check_now(shop, provider)
    assert await refund_statuses(shop) == ["due"]
    await shop.box_office.value("UPDATE payment SET reference = %(is)s RETURNING 1", **{"is": reference})
    await check_now(shop, provider)
    assert await refund_statuses(shop) == ["done"]


async def test_a_provider_is_asked_about_its_own_payments_only(shop: Shop) -> None:
    await cancelled(shop)
    await hosted(shop)
    await check_now(shop, FreeProvider())
    assert await shop.box_office.rows("SELECT status, attempts FROM refund") == [("due", 0)]
    assert await shop.box_office.value("SELECT bool_and(check_at <= now()) FROM payment")


async def test_what_waits_with_a_former_provider_is_told_with_what_to_do_about_it(
    shop: Shop, provider: PaymentProvider, caplog: pytest.LogCaptureFixture
) -> None:
    await cancelled(shop)
    for _ in range(2):
        await hosted(shop)
    await reconciler(shop, provider).warn_of_others()
    assert caplog.messages == []
    await reconciler(shop, FreeProvider()).warn_of_others()
    (message,) = caplog.messages
    assert "the provider test (payments: 2, refunds: 1)" in message
    assert "PAYMENT_PROVIDER=test" in message
    await check_now(shop, provider)
    await shop.box_office.database.execute("UPDATE payment SET status = 'cancelled' WHERE status = 'processing'")
    caplog.clear()
    await reconciler(shop, FreeProvider()).warn_of_others()
    assert caplog.messages == []


async def overdue(shop: Shop) -> str:
    reference = await hosted(shop)
    await shop.box_office.database.execute("UPDATE payment SET deadline_at = now()")
    return reference


async def test_an_overdue_payment_that_the_provider_has_forgotten_gives_its_tickets_back(
    shop: Shop, provider: PaymentProvider, caplog: pytest.LogCaptureFixture
) -> None:
    await overdue(shop)
    await shop.box_office.database.execute("UPDATE payment SET reference = 'pi_forgotten'")
    await check_now(shop, provider)
    assert await payment_statuses(shop) == ["cancelled"]
    assert await shop.box_office.value("SELECT available FROM pool") == 1
    assert [record.levelno for record in caplog.records if "payment" in record.message] == [logging.ERROR]
    assert await shop.broken() == []


@pytest.mark.parametrize("error", [WrongKey("answered 401"), TimeoutError()])
async def test_an_overdue_payment_waits_while_nobody_can_be_asked(
    shop: Shop, provider: PaymentProvider, error: Exception
) -> None:
    await check_now(shop, Confused(provider, await overdue(shop), error))
    assert await payment_statuses(shop) == ["processing"]


async def test_a_payment_that_the_provider_refuses_to_show_stays_open_until_its_deadline(
    shop: Shop, provider: PaymentProvider
) -> None:
    await check_now(shop, Confused(provider, await hosted(shop), ProviderRefused("no")))
    assert await payment_statuses(shop) == ["processing"]


async def test_one_payment_that_cannot_be_read_does_not_cost_the_others_their_turn(
    shop: Shop, provider: PaymentProvider
) -> None:
    first = await overdue(shop)
    for _ in range(2):
        await overdue(shop)
    await check_now(shop, Confused(provider, first, TypeError("nonsense")))
    assert await payment_statuses(shop) == ["processing", "cancelled", "cancelled"]


async def test_one_refund_that_cannot_be_sent_does_not_cost_the_others_their_turn(
    shop: Shop, provider: PaymentProvider
) -> None:
    for _ in range(3):
        await cancelled(shop)
    reference = await shop.box_office.value("SELECT reference FROM payment ORDER BY created_at LIMIT 1")
    await check_now(shop, Confused(provider, reference, TypeError("nonsense")))
    assert await refund_statuses(shop) == ["due", "done", "done"]


async def test_one_row_that_the_database_refuses_does_not_cost_the_others_their_turn(
    shop: Shop, provider: PaymentProvider
) -> None:
    for _ in range(3):
        await cancelled(shop)
    reference = await shop.box_office.value("SELECT reference FROM payment ORDER BY created_at LIMIT 1")

    class Odd(Confused):
        async def refund(self, request: RefundRequest) -> RefundResult:
            result = await provider.refund(request)
            return replace(result, failure="\0") if request.reference == reference else result

    await check_now(shop, Odd(provider, reference, TypeError()))
    assert await refund_statuses(shop) == ["due", "done", "done"]


async def test_a_locked_order_does_not_hold_up_what_is_reported_of_others(shop: Shop) -> None:
    database, metrics = shop.box_office.database, parts.metrics(shop.settings)
    for _ in range(3):
        bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=1000)), "hosted")
        await shop.pay(bought, card_named("approve").number)
    await shop.settled("count(*) = 3 FROM webhook_inbox")
    async with database.transaction() as tx:
        await tx.execute("SELECT id FROM orders WHERE id = %(order)s FOR UPDATE", {"order": bought.body["order_id"]})
        await process_inbox(database, "test", metrics)
        assert await shop.box_office.value("SELECT count(*) FROM orders WHERE status = 'paid'") == 2
    waits = "SELECT attempts, next_attempt_at > now() FROM webhook_inbox WHERE processed_at IS NULL"
    assert await shop.box_office.rows(waits) == [(1, True)]
    await database.execute("UPDATE webhook_inbox SET next_attempt_at = now()")
    await process_inbox(database, "test", metrics)
    await shop.at_last(bought, status="paid")
