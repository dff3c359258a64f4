"""Holding by the batch, on the real server: all or nothing, never more than there is, each request on its own."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from backend.db.batches import BatchLimits
from backend.db.errors import Busy, LockTimeout, Rejected
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.features.inventory.holds import HoldAnswer, HoldLimits, HoldLine, HoldRequest, Holds
from backend.features.inventory.sweeps import give_back_expired
from tests.box_office import BoxOffice, Sale
from tests.db.proxy import Proxy


def wish(sale: Sale, quantity: int = 1, **more: object) -> HoldRequest:
    return replace(HoldRequest((HoldLine(sale.type_id, sale.pool_id, quantity),)), **more)  # type: ignore[arg-type] # any of its fields


def seats(sale: Sale, *numbers: int) -> HoldRequest:
    chosen = tuple(sale.seat_ids[number - 1] for number in numbers)
    return HoldRequest((HoldLine(sale.type_id, sale.pool_id, len(chosen), chosen),))


@pytest.fixture
def holds(db: Database) -> Holds:
    return Holds(db, HoldLimits())


async def all_of(holds: Holds, *requests: HoldRequest) -> list[str]:
    """The results, in the order of the requests, which arrive together."""
    return [answer.result for answer in await asyncio.gather(*map(holds.submit, requests))]


async def test_last_ticket_goes_to_exactly_one_of_fifty_buyers(box_office: BoxOffice, holds: Holds) -> None:
    sale = await box_office.publish(capacity=1)
    results = await all_of(holds, *(wish(sale) for _ in range(50)))
    assert Counter(results) == {"held": 1, "sold-out": 49}
    assert await box_office.broken() == []


async def test_requests_are_admitted_in_arrival_order_while_they_fit(box_office: BoxOffice, holds: Holds) -> None:
    sale = await box_office.publish(capacity=5)
    results = await all_of(holds, *(wish(sale, quantity) for quantity in (2, 2, 2, 1)))
    assert results == ["held", "held", "sold-out", "held"]
    assert await box_office.available(sale) == 0


async def test_seats_are_held_all_or_none(box_office: BoxOffice, holds: Holds) -> None:
    hall = await box_office.publish(capacity=4, seated=True)
    assert await all_of(holds, seats(hall, 1, 2), seats(hall, 2, 3), seats(hall, 3, 4)) == ["held", "seat-gone", "held"]
    assert await box_office.available(hall) == 0
    assert await box_office.broken() == []


async def test_a_mixed_request_gets_all_its_lines_or_none(box_office: BoxOffice, holds: Holds) -> None:
    hall, floor = await box_office.publish(capacity=2, seated=True), await box_office.publish(capacity=1)
    both = HoldRequest((*wish(floor).lines, *seats(hall, 1).lines))
    too_much = HoldRequest((*seats(hall, 2).lines, *wish(floor).lines))
    assert await all_of(holds, both, too_much) == ["held", "sold-out"]
    assert await box_office.available(hall) == 1
    assert await box_office.broken() == []


async def test_seats_that_nobody_chose_are_the_front_most_free_ones(box_office: BoxOffice, holds: Holds) -> None:
    hall = await box_office.publish(capacity=4, seated=True)
    await all_of(holds, seats(hall, 1), wish(hall, 2))
    free = await box_office.rows("SELECT number FROM seat WHERE hold_id IS NULL")
    assert free == [(4,)]
    assert await box_office.broken() == []


async def test_the_same_request_again_is_answered_and_not_carried_out_again(
    box_office: BoxOffice, holds: Holds
) -> None:
    sale = await box_office.publish(capacity=10)
    request = wish(sale, 3, fingerprint="a")
    first, again = [await holds.submit(each) for each in (request, replace(request, basket_id=uuid4()))]
    assert (first.result, again.result) == ("held", "replayed")
    assert again.basket_id == first.basket_id
    assert (await holds.submit(replace(request, fingerprint="b"))).result == "mismatch"
    assert await box_office.available(sale) == 7


async def test_a_named_basket_gets_further_lines_and_keeps_its_clock(box_office: BoxOffice, holds: Holds) -> None:
    sale, other = await box_office.publish(), await box_office.publish()
    first = await holds.submit(wish(sale))
    more = await holds.submit(wish(other, known=first.basket_id, strict=True))
    assert (more.basket_id, more.expires_at) == (first.basket_id, first.expires_at)
    assert (await holds.submit(wish(sale, known=uuid4(), strict=True))).result == "unknown-basket"
    assert (await holds.submit(wish(sale, 10, known=first.basket_id, strict=True))).result == "order-limit"


async def test_a_cookie_whose_basket_is_gone_opens_a_new_one_for_the_same_customer(
    box_office: BoxOffice, holds: Holds
) -> None:
    sale = await box_office.publish(per_customer=3)
    first = await holds.submit(wish(sale, 2))
    await box_office.value("SELECT count(*) FROM release_basket_v1(%(basket)s, NULL)", basket=first.basket_id)
    second = await holds.submit(wish(sale, 2, known=first.basket_id))
    assert second.result == "held"
    assert second.basket_id != first.basket_id
    assert (await holds.submit(wish(sale, 2, known=second.basket_id))).result == "customer-limit"


async def test_nothing_is_sold_before_its_sale_opens(box_office: BoxOffice, holds: Holds) -> None:
    sale = await box_office.publish(opens="2 minutes")
    answer = await holds.submit(wish(sale))
    assert answer.result == "not-on-sale"
    assert answer.detail is not None
    assert answer.detail.startswith("20")


async def test_expired_holds_come_back_once_whoever_notices_first(box_office: BoxOffice, db: Database) -> None:
    sale = await box_office.publish(capacity=2)
    await Holds(db, HoldLimits(duration=timedelta(0))).submit(wish(sale, 2))
    answers = await asyncio.gather(
        Holds(db, HoldLimits()).submit(wish(sale, 2)), give_back_expired(db), give_back_expired(db)
    )
    if answers[0].result != "held":  # the sweep had locked the hold at that moment
        assert (await Holds(db, HoldLimits()).submit(wish(sale, 2))).result == "held"
    assert await box_office.available(sale) == 0
    assert await box_office.broken() == []


async def test_one_bad_request_among_256_fails_alone(box_office: BoxOffice, holds: Holds) -> None:
    sale = await box_office.publish(capacity=1000)
    crowd = [wish(sale) for _ in range(255)]
    bad = HoldRequest((HoldLine(sale.type_id, sale.pool_id, 2, ("no seat",)),))  # type: ignore[arg-type] # the point of the test
    answers = await asyncio.gather(*map(holds.submit, [*crowd[:100], bad, *crowd[100:]]), return_exceptions=True)
    assert isinstance(answers.pop(100), Rejected)
    assert all(isinstance(answer, HoldAnswer) and answer.held for answer in answers)
    assert await box_office.available(sale) == 745
    assert await box_office.broken() == []


async def test_a_request_cancelled_inside_a_batch_harms_nobody(box_office: BoxOffice, holds: Holds) -> None:
    sale = await box_office.publish(capacity=100)
    tasks = [asyncio.ensure_future(holds.submit(wish(sale))) for _ in range(20)]
    await asyncio.sleep(0)  # queued
    tasks[3].cancel()
    await asyncio.sleep(0)  # in flight
    tasks[7].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [number for number, answer in enumerate(answers) if not isinstance(answer, HoldAnswer)] == [3, 7]
    assert await box_office.broken() == []


async def test_a_locked_pool_stops_nobody_elses_sale(box_office: BoxOffice, db: Database, dsn: str) -> None:
    locked, free = await box_office.publish(), await box_office.publish()
    holds = Holds(db, HoldLimits())
    other = await Database.open(DatabaseOptions(dsn=dsn, maxsize=1))
    async with other.transaction() as transaction:
        await transaction.execute("SELECT 1 FROM pool WHERE id = %(pool)s FOR UPDATE", {"pool": locked.pool_id})
        answers = await asyncio.gather(holds.submit(wish(locked)), holds.submit(wish(free)), return_exceptions=True)
    await other.close()
    assert isinstance(answers[0], LockTimeout)
    assert isinstance(answers[1], HoldAnswer)
    assert answers[1].held
    assert (await holds.submit(wish(locked))).held


async def test_a_full_queue_turns_away_at_once(box_office: BoxOffice, db: Database) -> None:
    sale = await box_office.publish()
    holds = Holds(db, HoldLimits(), BatchLimits(waiting=3))
    answers = await asyncio.gather(*(holds.submit(wish(sale)) for _ in range(5)), return_exceptions=True)
    assert [isinstance(answer, Busy) for answer in answers] == [False, False, False, True, True]


async def test_a_connection_lost_after_the_commit_holds_once(box_office: BoxOffice, dsn: str) -> None:
    """The batch is committed and its answer lost: sent again under the same ids, it is found and not repeated."""
    sale = await box_office.publish(capacity=10)
    async with Proxy(dsn).running() as proxy:
        behind = await Database.open(DatabaseOptions(dsn=proxy.dsn, maxsize=1))
        await behind.warm()
        proxy.lose_next_answer()
        answers = await asyncio.gather(*(Holds(behind, HoldLimits()).submit(wish(sale, 2)) for _ in range(1)))
        await behind.close()
    assert [answer.result for answer in answers] == ["replayed"]
    assert await box_office.available(sale) == 8
    assert await box_office.broken() == []


async def test_the_database_ends_the_session_in_the_middle_of_a_sale(box_office: BoxOffice, db: Database) -> None:
    sale = await box_office.publish(capacity=400)
    holds = Holds(db, HoldLimits())
    requests = [wish(sale) for _ in range(400)]
    first = [asyncio.ensure_future(holds.submit(each)) for each in requests]
    await asyncio.sleep(0)
    await box_office.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await asyncio.gather(*first, return_exceptions=True)
    again = await asyncio.gather(*map(holds.submit, requests))  # what a client does that got no answer
    assert all(answer.held for answer in again)
    assert await box_office.available(sale) == 0
    assert await box_office.broken() == []
