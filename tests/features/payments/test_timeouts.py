"""A customer at the checkout hears from the shop before its own deadline, whatever the provider does."""

import pytest

from backend.features.orders.routes import _DEADLINE
from backend.features.payments import psp, stripe
from backend.features.payments.http import Timeouts


@pytest.mark.parametrize("timeouts", [psp.TIMEOUTS, stripe.TIMEOUTS], ids=["test", "stripe"])
def test_a_provider_is_given_up_before_the_checkout_is(timeouts: Timeouts) -> None:
    assert timeouts.connect < timeouts.total <= _DEADLINE - 2  # the database has its turn before and after
