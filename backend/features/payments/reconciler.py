"""Settling what is stuck: payments that nobody reported back, and refunds that are due."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from backend.db.pool import Database
from backend.domain.money import Money
from backend.domain.payments import (
    PaymentProvider,
    ProviderRefused,
    ProviderUnavailable,
    RefundRequest,
    UnknownPayment,
    WrongKey,
)
from backend.features.payments.settlements import Report, SettledStatus, Settlements, queries

log = logging.getLogger(__name__)
_MOST = 50
_LOOK_AGAIN = timedelta(minutes=1)


class Reconciler:
    """Asks the provider about open payments and sends refunds. Several may run: each row is claimed for a while."""

    def __init__(self, database: Database, provider: PaymentProvider, settlements: Settlements) -> None:
        self._database = database
        self._provider = provider
        self._settlements = settlements

    async def settle_open_payments(self) -> int:
        """Find out about each payment that is open for too long; one past its deadline is cancelled. How many."""
        claim = {"provider": self._provider.name, "most": _MOST}
        rows = await self._database.fetch_all(queries.claim_open_payments, claim)
        for payment_id, reference, method, status, overdue in rows:
            try:
                report = await self._report(payment_id, reference, never_arrived=status == "created", overdue=overdue)
                await self._settlements.record(report)
            except ProviderUnavailable as error:
                log.warning("payment %s (%s) stays open: %s", payment_id, method, error)
            except ProviderRefused as error:
                log.error("payment %s (%s) stays open: %s", payment_id, method, error)  # noqa: TRY400 - says enough
            except Exception:  # whatever one row meets, the others have their turn
                log.exception("payment %s (%s) stays open", payment_id, method)
        return len(rows)

    async def _report(self, payment_id: UUID, reference: str | None, *, never_arrived: bool, overdue: bool) -> Report:
        try:
            intent = await (self._provider.retrieve(reference) if reference else self._provider.find(payment_id))
        except WrongKey:
            raise
        except ProviderRefused as error:
            if not overdue:
                raise
            # Nobody can pay it any more, and tickets must not wait for it for ever. Captured after all, it is refunded.
            log.error("payment %s is given up, its provider refuses to show it: %s", payment_id, error)  # noqa: TRY400 - says enough
            return Report(payment_id, "cancelled", failure="not_found")
        if intent is None:
            status: SettledStatus = "failed" if never_arrived and not overdue else "cancelled"
            return Report(payment_id, status, failure="not_received")
        if overdue and intent.status in {"created", "requires_action"}:
            intent = await self._provider.cancel(intent.reference)
        return Report.of(payment_id, intent)

    async def send_refunds(self) -> int:
        """Send each refund that is due, and ask about those on their way. How many."""
        claim = {"provider": self._provider.name, "most": _MOST}
        rows = await self._database.fetch_all(queries.claim_refunds, claim)
        for refund_id, reference, amount, currency in rows:
            try:
                await self._refund(RefundRequest(refund_id, reference, Money(amount, currency)))
            except ProviderUnavailable as error:
                log.warning("refund %s is sent again later: %s", refund_id, error)
            except (WrongKey, UnknownPayment) as error:  # mended on our side or theirs; the money is owed until then
                log.error("refund %s is sent again later: %s", refund_id, error)  # noqa: TRY400 - says enough
            except Exception:  # whatever one row meets, the others have their turn
                log.exception("refund %s is sent again later", refund_id)
        return len(rows)

    async def warn_of_others(self) -> None:
        """Say what waits with a provider that is no longer configured, since nobody asks it any more."""
        mine = {"provider": self._provider.name}
        for provider, payments, refunds in await self._database.fetch_all(queries.left_with_others, mine, retry=True):
            log.warning(
                "nobody settles what waits with the provider %s (payments: %d, refunds: %d): "
                "run one more worker with PAYMENT_PROVIDER=%s and its keys until nothing is left",
                provider,
                payments,
                refunds,
                provider,
            )

    async def _refund(self, request: RefundRequest) -> None:
        try:
            result = await self._provider.refund(request)  # idempotent: asked again, it says what became of it
            status, reference, failure = result.status, result.reference, result.failure
        except (WrongKey, UnknownPayment):
            raise
        except ProviderRefused as error:
            status, reference, failure = "failed", None, str(error)
        if status == "failed":
            log.error("refund %s failed for good (%s): a person must return the money", request.refund_id, failure)
        settled = {"refund": request.refund_id, "status": status, "reference": reference, "failure": failure}
        await self._database.fetch_value(queries.settle_refund, {**settled, "check": _LOOK_AGAIN})
