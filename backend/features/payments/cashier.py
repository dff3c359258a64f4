"""Taking the money: ask the provider, record what it says. No lock and no transaction waits for it."""

from __future__ import annotations

import logging
import time

from backend.domain.charges import Charge
from backend.domain.payments import PaymentProvider, PaymentRequest, ProviderRefused, ProviderUnavailable
from backend.features.payments.settlements import Report, Settled, Settlements
from backend.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


class ProviderCashier:
    """The configured provider's counter; keeps the contract `backend.domain.charges.Cashier`."""

    def __init__(self, provider: PaymentProvider, settlements: Settlements, metrics: Metrics) -> None:
        self._provider = provider
        self._settlements = settlements
        self._metrics = metrics

    @property
    def provider(self) -> str:
        return self._provider.name

    async def charge(self, request: PaymentRequest) -> Charge:
        """Ask the provider and record its answer. Without an answer the reconciler finds out what became of it."""
        began = time.perf_counter()
        try:
            report = Report.of(request.payment_id, await self._provider.create(request))
        except ProviderRefused as refused:
            report = Report(request.payment_id, "failed", failure=str(refused) or "refused")
        except ProviderUnavailable as unavailable:
            log.warning("no answer about payment %s: %s", request.payment_id, unavailable)
            self._metrics.payments.labels(self.provider, "unavailable").inc()
            self._metrics.payment_duration.labels(self.provider, "unavailable").observe(time.perf_counter() - began)
            return Charge("waiting")
        return _charge(report, await self._settlements.record(report))


def _charge(report: Report, settled: Settled) -> Charge:
    if settled.order_status == "paid":
        return Charge("paid", settled.tickets)
    if settled.result == "refund-due":
        return Charge("refund-due")
    if report.status in {"failed", "cancelled"}:
        return Charge("declined", failure=report.failure)
    return Charge("waiting", pay_url=report.pay_url)
