"""Every scenario passes on a well shop and fails on each that was broken on purpose; for seconds instead of minutes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from tests.box_office import Sale
from tests.features.waiting.people import put_room
from tests.loadtests.breaking import Fault, broken_shop
from tests.loadtests.driving import MISSED, PASSED, Driven, drive
from tests.shop import Shop
from tools.load.judging import carried
from tools.load.scenarios import SCENARIOS

TICKETS, SEATS, PLACES = 90, 40, 36
SETTINGS: Mapping[str, Mapping[str, object]] = {
    "queue": {"RATE": 30, "DURATION": 2, "TICKETS": PLACES, "WITHIN": 4},
    "stress": {"START": 8, "STEPS": 2, "DURATION": 2},
    "sale": {"RATE": 60, "DURATION": 2, "TICKETS": TICKETS, "BUYERS": 100, "BROWSING": 20, "AFTER": 1},
    "soak": {"RATE": 10, "DURATION": 4},
    "smoke": {"RATE": 14, "DURATION": 3},
    "happy": {"RATE": 13, "DURATION": 3},
    "seats": {"RATE": 40, "DURATION": 2},
}
AT_ONCE = 4  # and a queue: so many leave one another time enough on two cores


@dataclass(frozen=True)
class Case:
    """A scenario, and the faults of the shop on which it is carried out."""

    scenario: str
    faults: tuple[Fault, ...] = ()


# A queue takes long, so several things are broken at once before it: each has a threshold of its own.
ILL = Case("queue", ("slow", "failing"))
UNFAIR = Case("queue", ("broken invariants", "oversold", "admits twice", "admits out of order"))
OTHERS = [scenario for scenario in SETTINGS if scenario != "queue"]
WELL = [Case(scenario) for scenario in SETTINGS]
SLOW = [ILL, *(Case(scenario, ("slow",)) for scenario in OTHERS)]
FAILING = [ILL, *(Case(scenario, ("failing",)) for scenario in OTHERS)]
UNSOUND = [Case(scenario, ("broken invariants",)) for scenario in OTHERS]
OVERSOLD = [Case("sale", ("oversold",)), Case("seats", ("oversold",))]
UNKIND = Case("sale", ("turns away",))


@pytest.fixture(scope="module")
async def driven(shop: Shop) -> Mapping[Case, Driven]:
    """What came of each case.

    They mostly wait, so they do it side by side. Not the queues: all rooms of a shop share what it admits.
    """
    places, room = asyncio.Semaphore(AT_ONCE), asyncio.Lock()
    cases = list(dict.fromkeys([*WELL, UNFAIR, *SLOW, *FAILING, *UNSOUND, *OVERSOLD, UNKIND]))

    async def drive_one(case: Case) -> Driven:
        async with room if case.scenario == "queue" else places, broken_shop(shop.url, *case.faults) as url:
            sale = await sale_for(case.scenario, shop)
            event = {"EVENT": sale.event_id} if sale else {}
            result = await drive(case.scenario, url, **SETTINGS[case.scenario], **event)
            if sale and case.scenario == "queue":
                await put_room(shop.box_office, sale, "off")
            return result

    return dict(zip(cases, await asyncio.gather(*map(drive_one, cases)), strict=True))


async def sale_for(scenario: str, shop: Shop) -> Sale | None:
    """What sells out has an event of its own each time."""
    match scenario:
        case "sale":
            return await shop.box_office.publish(capacity=TICKETS)
        case "seats":
            return await shop.box_office.publish(capacity=SEATS, seated=True)
        case "queue":
            sale = await shop.box_office.publish(capacity=PLACES)
            await put_room(shop.box_office, sale, "on")
            return sale
    return None


def test_every_scenario_is_tried_here() -> None:
    assert set(SETTINGS) == set(SCENARIOS)


async def test_a_well_shop_passes(driven: Mapping[Case, Driven], shop: Shop) -> None:
    for case in WELL:
        assert (driven[case].status, driven[case].missed) == (PASSED, frozenset()), (case, driven[case].told)
    assert await shop.broken() == []


def test_a_slow_shop_fails_each_scenario(driven: Mapping[Case, Driven]) -> None:
    for case in SLOW:
        assert driven[case].status == MISSED, (case, driven[case].told)
        assert "journey_within_800ms" in driven[case].missed, (case, driven[case].told)
    climbed = driven[Case("stress", ("slow",))].summary
    assert climbed is not None
    assert carried(climbed) == (0.0, SETTINGS["stress"]["START"])


def test_a_shop_that_answers_5xx_fails_each_scenario(driven: Mapping[Case, Driven]) -> None:
    for case in FAILING:
        assert driven[case].status != PASSED, (case, driven[case].told)
        assert "journey_failed" in driven[case].missed, (case, driven[case].told)


def test_a_shop_of_which_nothing_but_the_invariants_is_broken_fails_by_them_alone(
    driven: Mapping[Case, Driven],
) -> None:
    for case in UNSOUND:
        assert (driven[case].status, driven[case].wrong) == (MISSED, {"invariants_broken"}), (case, driven[case].told)


def test_a_ticket_or_seat_that_is_given_to_two_is_noticed_though_the_shop_says_that_all_is_well(
    driven: Mapping[Case, Driven],
) -> None:
    for case in OVERSOLD:
        assert (driven[case].status, driven[case].wrong) == (MISSED, {"tickets_unaccounted"}), (case, driven[case].told)


def test_a_sale_that_turns_people_away_does_not_pass_though_all_is_sold_in_time(
    driven: Mapping[Case, Driven],
) -> None:
    assert (driven[UNKIND].status, driven[UNKIND].wrong) == (MISSED, {"sale_served"}), driven[UNKIND].told


def test_what_is_unfair_in_a_queue_is_noticed_each_by_what_looks_for_it(driven: Mapping[Case, Driven]) -> None:
    assert driven[UNFAIR].status == MISSED, driven[UNFAIR].told
    unfair = {"invariants_broken", "tickets_unaccounted", "queue_admitted_twice", "queue_overtaken"}
    assert unfair <= driven[UNFAIR].wrong, driven[UNFAIR].told
