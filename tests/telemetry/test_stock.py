"""What is told of how buying goes, second by second."""

import asyncio
from contextlib import ExitStack, suppress

import pytest

from backend.db.errors import QueryTimeout
from backend.domain.errors import DomainError
from backend.telemetry.stock import CHECKOUTS, StockMeter, Tally

EVENT = 7


class Stock:
    """A meter whose time stands until somebody moves it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.meter = StockMeter(0.8, lambda: self.now)

    def asked(self, seconds: float, error: BaseException | None = None, kind: int = EVENT) -> None:
        with suppress(BaseException), self.meter.asking(kind):
            self.now += seconds
            if error is not None:
                raise error

    def told(self) -> Tally:
        return self.meter.read().get(EVENT, Tally())


def test_requests_are_told_by_how_long_they_took() -> None:
    stock = Stock()
    for seconds in (0.01, 0.06, 0.3, 0.9):
        stock.asked(seconds)
    assert stock.told() == Tally(arrived=4, answered=4, tense=3, slow=2, late=1)
    assert stock.told() == Tally()


def test_what_is_not_answered_is_told_while_it_grows_old() -> None:
    stock = Stock()
    with ExitStack() as crowd:
        for seconds in (0.4, 0.2, 0.25):
            crowd.enter_context(stock.meter.asking(EVENT))
            stock.now += seconds
        assert stock.told() == Tally(arrived=3, pending=3, stuck=3, tense=3, slow=3, late=1)
    assert stock.told() == Tally(answered=3, tense=3, slow=3, late=1)


def test_what_keeps_the_promise_is_never_late() -> None:
    stock = Stock()
    with ExitStack() as crowd:
        for _ in range(10):
            crowd.enter_context(stock.meter.asking(EVENT))
        stock.now += 0.6
        assert stock.told() == Tally(arrived=10, pending=10, stuck=10, tense=10, slow=10)
    assert stock.told() == Tally(answered=10, tense=10, slow=10)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (QueryTimeout(), Tally(arrived=1, answered=1, failed=1)),
        (DomainError("sold-out", "Sold out."), Tally(arrived=1, answered=1)),
        (DomainError("seat-gone", "Gone."), Tally(arrived=1, answered=1)),
        (asyncio.CancelledError(), Tally(arrived=1)),  # the client has left before it had reason to
    ],
)
def test_failures_and_refusals_for_want_of_stock_are_answers(error: BaseException, expected: Tally) -> None:
    stock = Stock()
    stock.asked(0.01, error)
    assert stock.told() == expected


def test_a_request_that_is_broken_off_late_has_failed() -> None:
    stock = Stock()
    stock.asked(2.0, asyncio.CancelledError())
    assert stock.told() == Tally(arrived=1, answered=1, tense=1, slow=1, late=1, failed=1)


def test_many_cheap_refusals_do_not_hide_what_is_late() -> None:
    stock = Stock()
    for _ in range(1000):
        stock.asked(0.001, DomainError("limit-reached", "No more."))
    stock.asked(1.0)
    assert stock.told() == Tally(arrived=1001, answered=1, tense=1, slow=1, late=1)


def test_events_and_checkouts_are_told_apart() -> None:
    stock = Stock()
    stock.asked(1.0, kind=CHECKOUTS)
    stock.asked(0.01)
    told = stock.meter.read()
    assert (told[EVENT].late, told[CHECKOUTS].late) == (0, 1)
