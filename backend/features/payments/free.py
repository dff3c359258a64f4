"""For what costs nothing: succeeds at once, and refuses to have taken money."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from backend.domain.payments import (
    PaymentIntent,
    PaymentRequest,
    ProviderRefused,
    RefundRequest,
    RefundResult,
    UnknownPayment,
    WebhookEvent,
    WebhookRejected,
)

_PREFIX = "free_"


class FreeProvider:
    """Speaks to nobody and remembers nothing: the reference carries all there is."""

    name = "free"

    async def create(self, request: PaymentRequest) -> PaymentIntent:
        """Succeed, unless there is something to pay."""
        if request.amount.minor != 0:
            raise ProviderRefused(f"{request.amount} cannot be paid: this shop sells free tickets only")
        return PaymentIntent(f"{_PREFIX}{request.payment_id}", "succeeded")

    async def find(self, payment_id: UUID) -> PaymentIntent | None:  # noqa: ARG002 - the contract's name
        """Nothing: an answer that never travelled cannot be lost."""
        return None

    async def retrieve(self, reference: str) -> PaymentIntent:
        """What `create` said."""
        if not reference.startswith(_PREFIX):
            raise UnknownPayment("no such payment")
        return PaymentIntent(reference, "succeeded")

    async def cancel(self, reference: str) -> PaymentIntent:
        """Too late: it succeeded at once."""
        return await self.retrieve(reference)

    async def refund(self, request: RefundRequest) -> RefundResult:
        """Give back the nothing that was paid."""
        await self.retrieve(request.reference)
        if request.amount.minor != 0:
            raise ProviderRefused("the refunds would exceed what was paid")
        return RefundResult(f"{_PREFIX}{request.refund_id}", "done")

    def verify_webhook(self, raw: bytes, headers: Mapping[str, str]) -> tuple[WebhookEvent, ...]:  # noqa: ARG002 - the contract's names
        """Refuse: nobody is there to send one."""
        raise WebhookRejected("free payments have no webhooks")

    async def close(self) -> None:
        """Nothing is open."""
