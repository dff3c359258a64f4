"""The printer of a busy shop: nobody's pile of tickets keeps the others waiting, and nothing is drawn twice."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
import zxingcpp

from backend.domain.errors import DomainError
from backend.domain.orders import OrderView, TicketView
from backend.features.orders.documents import pdf, printer
from backend.features.orders.documents.printer import Printer
from tests.features.documents.samples import EVENING, order, ticket
from tests.features.documents.scanning import drawn_svg, scanned

SMALL, BIG = order(ticket(1)), order(*(ticket(number) for number in range(1, 13)), id=UUID(int=2))


class Watched:
    """pdf.draw, with a note of each page: whose it is, and in which thread."""

    def __init__(self) -> None:
        self.pages: list[int] = []
        self.threads: set[str] = set()
        self.began = 0
        self._draw = pdf.draw

    def draw(self, wanted: OrderView, *more: object) -> Iterator[bytes | None]:
        self.began += 1
        for step in self._draw(wanted, *more):  # type: ignore[arg-type] # hands on what it was given
            self.pages.append(len(wanted.tickets))
            self.threads.add(threading.current_thread().name.rstrip("_0123456789"))
            yield step


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watching = Watched()
    monkeypatch.setattr(pdf, "draw", watching.draw)
    return watching


@pytest.fixture
def shops() -> Iterator[Printer]:
    made = Printer("a shop's secret")
    yield made
    made.close()


async def test_the_printer_draws_off_the_event_loop(shops: Printer, watched: Watched) -> None:
    assert len(scanned(await shops.pdf(BIG))) == 12
    assert watched.threads == {"printer"}


async def test_a_ticket_need_not_wait_for_somebody_elses_pile(shops: Printer, watched: Watched) -> None:
    pile = asyncio.create_task(shops.pdf(BIG))
    await asyncio.sleep(0)
    assert len(scanned(await shops.pdf(SMALL))) == 1
    assert not pile.done()
    assert len(scanned(await pile)) == 12
    assert watched.pages.index(1) <= 2


async def test_an_order_is_drawn_once_for_all_who_ask_and_anew_when_it_has_changed(
    shops: Printer, watched: Watched
) -> None:
    first, second = await asyncio.gather(shops.pdf(BIG), shops.pdf(replace(BIG)))
    assert first == second == await shops.pdf(BIG)
    assert watched.began == 1
    await shops.pdf(replace(BIG, tickets=(ticket(1, state="void"), *BIG.tickets[1:])))
    assert watched.began == 2


async def test_whoever_leaves_takes_the_drawing_from_nobody(shops: Printer) -> None:
    asked = [asyncio.create_task(shops.pdf(BIG)) for _ in range(2)]
    await asyncio.sleep(0)
    asked[0].cancel()
    assert len(scanned(await asked[1])) == 12


async def test_more_orders_than_can_be_drawn_soon_are_turned_away(
    shops: Printer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printer, "_MOST", 3)
    orders = [order(ticket(number), id=UUID(int=number)) for number in range(1, 6)]
    answers = await asyncio.gather(*map(shops.pdf, orders), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    assert [refusal.slug for refusal in refused] == ["unavailable"] * 2
    assert len(scanned(await shops.pdf(orders[4]))) == 1


@pytest.mark.parametrize(
    "ended", [ticket(1, state="void"), ticket(1, event=replace(EVENING, cancelled=True))], ids=["void", "cancelled"]
)
async def test_a_ticket_that_admits_nobody_has_no_code_on_screen_or_paper(shops: Printer, ended: TicketView) -> None:
    svg = shops.svg(ended)
    assert "No longer valid" in svg
    assert zxingcpp.read_barcodes(drawn_svg(svg)) == []
    assert zxingcpp.read_barcodes(drawn_svg(shops.svg(ticket(2)))) != []
    both = await shops.pdf(order(ended, ticket(2)))
    assert [claim.code for claim in scanned(both)] == [UUID(int=2)]
