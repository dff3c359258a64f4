"""The other side of each provider: the customer, the provider's books and its webhooks, in one shape for all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from aiohttp.test_utils import TestServer

from backend.domain.payments import PaymentIntent, PaymentMethod, PaymentProvider
from backend.features.payments.http import Timeouts
from backend.features.payments.psp import PspProvider
from backend.features.payments.stripe import StripeProvider
from tests.features.payments.stripe_double import SECRET_KEY, StripeDouble
from tests.features.payments.stripe_double import WEBHOOK_SECRET as STRIPE_WEBHOOK_SECRET
from tests.psp.running import API_KEY, WEBHOOK_SECRET, Psp, Shop, running_psp, running_shop

Delivery = tuple[bytes, dict[str, str]]


class Counterparty(Protocol):
    """signature_header, webhook_secret: how its webhooks are signed. method: how the shop asks to be paid."""

    @property
    def provider(self) -> PaymentProvider: ...
    @property
    def method(self) -> PaymentMethod: ...
    @property
    def signature_header(self) -> str: ...
    @property
    def webhook_secret(self) -> str: ...

    async def customer_pays(self, intent: PaymentIntent) -> None: ...
    async def customer_is_declined(self, intent: PaymentIntent) -> None: ...
    async def charged(self, payment_id: UUID) -> list[int]: ...
    async def refunded(self, reference: str) -> int: ...
    async def deliveries(self, number: int) -> list[Delivery]: ...
    async def goes_down(self) -> None: ...
    async def loses_answers(self) -> None: ...
    async def finds_its_answers_again(self) -> None: ...


@dataclass
class TestCounterparty:
    """The test provider itself, in its own server, and the customer at its pay page."""

    __test__ = False
    psp: Psp
    shop: Shop
    provider: PaymentProvider
    method: PaymentMethod
    signature_header = "Psp-Signature"
    webhook_secret = WEBHOOK_SECRET

    async def customer_pays(self, intent: PaymentIntent) -> None:
        if intent.pay_url:
            await self.psp.pay_at(intent.pay_url)

    async def customer_is_declined(self, intent: PaymentIntent) -> None:
        assert intent.pay_url
        await self.psp.pay_at(intent.pay_url, "4000 0000 0000 9995")

    async def charged(self, payment_id: UUID) -> list[int]:
        _, found = await self.psp.ask("GET", f"/v1/intents?payment_id={payment_id}")
        return [one["amount"] for one in found["intents"] if one["status"] == "succeeded"]

    async def refunded(self, reference: str) -> int:
        _, intent = await self.psp.ask("GET", f"/v1/intents/{reference}")
        return int(intent["refunded"])

    async def deliveries(self, number: int) -> list[Delivery]:
        await self.shop.hears(number)
        return [(call.raw, call.headers) for call in self.shop.calls]

    async def goes_down(self) -> None:
        await self._turn(failure_rate=1)

    async def loses_answers(self) -> None:
        await self._turn(card="timeout")

    async def finds_its_answers_again(self) -> None:
        await self._turn(card="approve")

    async def _turn(self, **knobs: Any) -> None:
        status, answer = await self.psp.ask("PUT", "/v1/control", knobs)
        assert status == 200, answer


@dataclass
class StripeCounterparty:
    """The double of Stripe, and the customer at its Checkout page."""

    double: StripeDouble
    provider: PaymentProvider
    method: PaymentMethod = "hosted"
    signature_header = "Stripe-Signature"
    webhook_secret = STRIPE_WEBHOOK_SECRET

    async def customer_pays(self, intent: PaymentIntent) -> None:
        self.double.customer_pays(intent.reference)

    async def customer_is_declined(self, intent: PaymentIntent) -> None:
        self.double.customer_is_declined(intent.reference)

    async def charged(self, payment_id: UUID) -> list[int]:
        intents = self.double.intents.values()
        mine = [one for one in intents if one["metadata"]["payment_id"] == str(payment_id)]
        return [one["amount"] for one in mine if one["status"] == "succeeded"]

    async def refunded(self, reference: str) -> int:
        return self.double.refunded(self.double.sessions[reference]["payment_intent"])

    async def deliveries(self, number: int) -> list[Delivery]:
        assert len(self.double.events) >= number
        return [self.double.delivery(event) for event in self.double.events]

    async def goes_down(self) -> None:
        self.double.trouble = 503

    async def loses_answers(self) -> None:
        self.double.answers_lost = True

    async def finds_its_answers_again(self) -> None:
        self.double.answers_lost = False


@asynccontextmanager
async def closing(provider: PaymentProvider) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await provider.close()


def test_by(method: PaymentMethod) -> Callable[[], AbstractAsyncContextManager[Counterparty]]:
    @asynccontextmanager
    async def test_provider() -> AsyncIterator[Counterparty]:
        async with running_shop() as shop, running_psp(shop.url, timeout_seconds=10) as psp:
            provider = PspProvider(
                psp.url,
                api_key=API_KEY,
                webhook_secret=WEBHOOK_SECRET,
                webhook_url=shop.url,
                timeouts=Timeouts(connect=1, total=1.5),  # a busy machine takes its time
            )
            async with closing(provider):
                yield TestCounterparty(psp, shop, provider, method)

    return test_provider


@asynccontextmanager
async def stripe() -> AsyncIterator[StripeCounterparty]:
    double = StripeDouble()
    async with TestServer(double.app()) as server:
        url = str(server.make_url("/"))
        provider = StripeProvider(secret_key=SECRET_KEY, webhook_secret=STRIPE_WEBHOOK_SECRET, api_url=url)
        async with closing(provider):
            yield StripeCounterparty(double, provider)


PAID: dict[str, Callable[[], AbstractAsyncContextManager[Counterparty]]] = {
    "test, by card": test_by("card"),
    "test, on its page": test_by("hosted"),
    "stripe": stripe,
}
