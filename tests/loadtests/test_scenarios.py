"""Every scenario passes on a well shop and fails on each that was broken on purpose; for seconds instead of minutes."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from tests.features.waiting.people import put_room
from tests.loadtests.breaking import Fault, broken_shop
from tests.loadtests.driving import MISSED, PASSED, Driven, drive
from tests.shop import Shop
from tools.load.judging import carried
from tools.load.scenarios import SCENARIOS

TICKETS, SEATS, PLACES = 90, 40, 36
SETTINGS: Mapping[str, Mapping[str, object]] = {
    "smoke": {"RATE": 10, "DURATION": 4},
    "happy": {"RATE": 10, "DURATION": 4},
    "sale": {"RATE": 60, "DURATION": 2, "TICKETS": TICKETS, "BROWSING": 20, "AFTER": 1},
    "seats": {"RATE": 40, "DURATION": 2},
    "queue": {"RATE": 30, "DURATION": 2, "TICKETS": PLACES, "WITHIN": 4},
    "stress": {"START": 8, "STEPS": 2, "DURATION": 2},
    "soak": {"RATE": 8, "DURATION": 5},
}


async def settings_of(scenario: str, shop: Shop) -> Mapping[str, object]:
    """What sells out has an event of its own each time."""
    if scenario == "sale":
        sale = await shop.box_office.publish(capacity=TICKETS)
    elif scenario == "queue":
        sale = await shop.box_office.publish(capacity=PLACES)
        await put_room(shop.box_office, sale, "on")
    elif scenario == "seats":
        sale = await shop.box_office.publish(capacity=SEATS, seated=True)
    else:
        return SETTINGS[scenario]
    return {**SETTINGS[scenario], "EVENT": sale.event_id}


async def driven(shop: Shop, fault: Fault, *scenarios: str) -> Mapping[str, Driven]:
    """These scenarios, all at once, each on the shop with this fault."""
    settings = {scenario: await settings_of(scenario, shop) for scenario in scenarios}

    async def drive_one(scenario: str) -> Driven:
        async with broken_shop(shop.url, fault) as url:
            return await drive(scenario, url, **settings[scenario])

    results = await asyncio.gather(*map(drive_one, scenarios))
    return dict(zip(scenarios, results, strict=True))


def test_every_scenario_is_tried_here() -> None:
    assert set(SETTINGS) == set(SCENARIOS)


@pytest.mark.parametrize("scenarios", [("smoke", "happy", "stress", "soak"), ("sale", "seats", "queue")])
async def test_a_well_shop_passes(scenarios: Sequence[str], shop: Shop) -> None:
    for name, result in (await driven(shop, "none", *scenarios)).items():
        assert (result.status, result.missed) == (PASSED, frozenset()), (name, result.told)
    assert await shop.broken() == []


async def test_a_slow_shop_fails_each_scenario(shop: Shop) -> None:
    results = await driven(shop, "slow", *SETTINGS)
    for name, result in results.items():
        assert result.status == MISSED, (name, result.told)
        assert "journey_within_800ms" in result.missed, (name, result.told)
    climbed = results["stress"].summary
    assert climbed is not None
    assert carried(climbed) == (0.0, SETTINGS["stress"]["START"])


async def test_a_shop_that_answers_5xx_fails_each_scenario(shop: Shop) -> None:
    for name, result in (await driven(shop, "failing", *SETTINGS)).items():
        assert result.status != PASSED, (name, result.told)
        assert "journey_failed" in result.missed, (name, result.told)


async def test_a_shop_whose_invariants_are_broken_fails_each_scenario(shop: Shop) -> None:
    for name, result in (await driven(shop, "broken invariants", *SETTINGS)).items():
        assert result.status == MISSED, (name, result.told)
        assert "invariants_broken" in result.missed, (name, result.told)


BROKEN_PROMISES: Sequence[tuple[Fault, str, str]] = (
    ("oversold", "sale", "tickets_unaccounted"),
    ("oversold", "seats", "tickets_unaccounted"),
    ("oversold", "queue", "tickets_unaccounted"),
    ("admits twice", "queue", "queue_admitted_twice"),
    ("admits out of order", "queue", "queue_overtaken"),
)


async def test_what_a_shop_gives_twice_or_to_the_wrong_one_is_noticed_though_it_says_that_all_is_well(
    shop: Shop,
) -> None:
    results = await asyncio.gather(*(driven(shop, fault, scenario) for fault, scenario, _ in BROKEN_PROMISES))
    for (fault, scenario, missed), driven_there in zip(BROKEN_PROMISES, results, strict=True):
        result = driven_there[scenario]
        assert result.status == MISSED, (fault, scenario, result.told)
        assert missed in result.missed, (fault, scenario, result.told)
