"""How many are admitted: from what the shop measures, to a rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import mean, quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.ids import uuid7
from backend.domain.offers import RoomState
from backend.features.waiting.heard import Heard, Said
from backend.features.waiting.inlet import (
    FIRST_INLET,
    LEAST_INLET,
    MOST_INLET,
    MOST_OUT,
    AllRooms,
    Mood,
    Vitals,
    admissions,
    cut,
    debt,
    grown,
    mood,
    next_pace,
)
from backend.features.waiting.rooms import Room
from backend.features.waiting.rules import Decision, Facts, decide, next_state, together
from backend.telemetry.stock import CHECKOUTS, ELSEWHERE, Tally
from tests.features.waiting.people import OBJECTIVES
from tests.features.waiting.plant import Plant

NOW = datetime(2027, 3, 12, 19, 30, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
WELL = Vitals(processes=2, quiet=0, silent=0, shed=0, busy=0.3, tallies={}, last={})
FINE = Tally(arrived=100, answered=100)
ALONE = AllRooms(1, FIRST_INLET, 0)
ROOM = Facts(
    event_id=1,
    mode="on",
    published=True,
    state="open",
    opens_at=NOW - timedelta(minutes=1),
    ends_at=NOW + timedelta(days=1),
    available=1000,
    returning=0,
    out=0,
    waiting=500,
    numbered=True,
    admitted_to=0,
    inlet=FIRST_INLET,
    credit=0.0,
    pace=0.0,
    governed_at=NOW - timedelta(seconds=1),
    slowed_at=None,
    troubled=0,
    calm_since=None,
    now=NOW,
)
counts = st.integers(0, 10_000)
rates = st.floats(LEAST_INLET, MOST_INLET)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "well"),
        ({"shed": 1}, "strained"),
        ({"quiet": 2, "processes": 0}, "strained"),
        ({"quiet": 1, "processes": 1}, "well"),
        ({"busy": 0.81}, "troubled"),
        ({"busy": 0.7}, "strained"),
        ({"silent": 1}, "strained"),
        ({"silent": 2, "processes": 0}, "troubled"),
    ],
)
def test_what_all_share_says_how_every_room_is(changes: dict[str, int], expected: str) -> None:
    assert mood(replace(WELL, **changes), 1, OBJECTIVES) == expected  # type: ignore[arg-type] # fields by name


@pytest.mark.parametrize("whose", [1, CHECKOUTS])
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "well"),
        ({"late": 6}, "troubled"),
        ({"late": 5}, "well"),
        ({"answered": 3, "late": 1}, "well"),  # one slow request of three says nothing
        ({"failed": 2}, "troubled"),
        ({"pending": 10, "stuck": 6}, "crowded"),
        ({"answered": 0, "pending": 3, "stuck": 3}, "crowded"),
        ({"answered": 0, "pending": 3}, "well"),
        ({"slow": 6}, "strained"),
        ({"tense": 6}, "tense"),
    ],
)
def test_the_mood_follows_from_the_objectives(changes: dict[str, int], expected: str, whose: int) -> None:
    assert mood(replace(WELL, tallies={whose: replace(FINE, **changes)}), 1, OBJECTIVES) == expected


def test_what_goes_wrong_for_one_event_is_not_held_against_the_room_of_another() -> None:
    bad = Tally(arrived=100, answered=100, late=100, failed=90, pending=50, stuck=50)
    for other in (2, ELSEWHERE):
        assert mood(replace(WELL, tallies={1: FINE, other: bad}), 1, OBJECTIVES) == "well"
    assert mood(replace(WELL, tallies={1: FINE, 2: bad}), 2, OBJECTIVES) == "troubled"


@given(rates, st.integers(0, 5000), st.sampled_from([None, timedelta(0), HALF_AN_HOUR]))
def test_the_inlet_never_grows_in_trouble_and_never_shrinks_while_all_is_well(
    inlet: float, carried: int, slowed: timedelta | None
) -> None:
    less = cut(inlet, carried, slowed)
    more = grown(inlet, "well", slowed, AllRooms(1, inlet, 0))
    a_little_more = grown(inlet, "tense", slowed, AllRooms(1, inlet, 0))
    assert LEAST_INLET <= less <= inlet <= a_little_more <= more <= MOST_INLET
    assert grown(inlet, "strained", slowed, AllRooms(1, inlet, 0)) == inlet


def test_a_cut_leaves_about_what_was_carried_and_is_given_time_to_show() -> None:
    long_ago = timedelta(minutes=1)
    assert [cut(100, carried, long_ago) for carried in (0, 75, 200)] == [50, 60, 80]
    assert cut(100, 75, timedelta(seconds=3)) == 100


def test_who_has_been_let_in_too_many_is_made_up_for_after_a_cut_and_for_no_longer_than_seconds() -> None:
    assert debt(50, 40, pending=12) == 12 + 2 * 10
    assert debt(50, 1, pending=1000) == 5
    assert debt(50, 50, pending=12) == 0


@pytest.mark.parametrize("rate", [10, 15, 22, 40, 125, 500])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_shop_is_given_about_what_it_can_carry_before_its_answers_are_late(rate: float, seed: int) -> None:
    plant = Plant(rate, ROOM)
    plant.run(120, seed)
    assert any(after < before for before, after in pairwise(plant.inlets)), "it was never cut"
    settled = plant.inlets[60:]
    assert 0.5 * rate <= mean(settled) <= rate
    assert max(settled) <= 1.35 * rate
    later = plant.seconds[len(plant.seconds) // 3 :]
    assert quantiles(later, n=20)[-1] <= 0.8
    if rate > FIRST_INLET:
        assert quantiles(plant.seconds[:500], n=20)[-1] <= 0.8


@given(st.floats(0, 100), rates, st.floats(0, 60), st.integers(0, 10_000), st.integers(0, 10_000))
def test_no_more_admissions_are_out_than_there_are_tickets(
    credit: float, inlet: float, elapsed: float, left: int, out: int
) -> None:
    admitted, rest = admissions(credit, inlet, elapsed, left=left, out=out)
    assert admitted >= 0
    assert admitted + out <= max(out, min(left, MOST_OUT))
    assert rest >= 0
    assert admitted <= inlet * 1.5 + 1


@given(st.lists(st.floats(0.2, 1.8), min_size=30, max_size=60), st.floats(1, 300))
def test_over_time_exactly_the_inlet_is_admitted(ticks: list[float], inlet: float) -> None:
    credit, total, regular = 0.0, 0, 0.0
    for elapsed in ticks:
        admitted, credit = admissions(credit, inlet, elapsed, left=10**9, out=0)
        total += admitted
        regular += min(elapsed, 1.5) * inlet
    assert total <= sum(ticks) * inlet + 1e-6
    assert total >= regular - inlet - 2


def test_the_pace_is_that_of_the_last_seconds() -> None:
    pace = 0.0
    for _ in range(60):
        pace = next_pace(pace, 20, 1.0)
    assert 19 < pace <= 20
    for _ in range(60):
        pace = next_pace(pace, 0, 1.0)
    assert pace < 1


def test_from_the_first_admissions_on_nobody_is_told_more_than_a_few_times_as_long_as_it_takes() -> None:
    pace = 0.0
    for _ in range(15):
        pace = next_pace(pace, 20, 1.0)
        told = Room(1, "open", True, None, 1001, 0, 20.0, pace, False, 1000, []).estimate(400)
        assert told is not None
        assert 10 <= told[0] < 20 < told[1] <= 45


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": "none", "opens_at": NOW + timedelta(hours=1)}, "none"),
        ({"state": "none", "opens_at": NOW + timedelta(minutes=29)}, "gathering"),
        (
            {"state": "gathering", "opens_at": NOW + timedelta(hours=2)},
            "gathering",
        ),  # the sale was moved; nobody is sent away
        ({"state": "gathering", "opens_at": NOW}, "open"),
        ({"state": "none", "opens_at": NOW}, "open"),
        ({}, "open"),
        ({"available": 0, "returning": 3}, "open"),
        ({"available": 0}, "closed"),
        ({"state": "closed", "available": 1}, "open"),
        ({"ends_at": NOW}, "closed"),
        ({"published": False}, "closed"),
        ({"mode": "off"}, "none"),
        ({"mode": "automatic", "state": "none"}, "none"),
        ({"mode": "automatic", "state": "none", "available": 0}, "none"),
        ({"mode": "automatic", "available": 0}, "closed"),
        ({"mode": "automatic", "state": "closed"}, "open"),
        ({"mode": "automatic", "calm_since": NOW - timedelta(minutes=2)}, "none"),
        ({"mode": "automatic", "calm_since": NOW - timedelta(seconds=30)}, "open"),
    ],
)
def test_a_room_opens_and_closes(changes: dict[str, object], expected: RoomState) -> None:
    assert next_state(replace(ROOM, **changes), 0, HALF_AN_HOUR) == expected  # type: ignore[arg-type]


def told(arrived: int, elsewhere: int = 0, **changes: int) -> Vitals:
    """So many requests for tickets of the event, and for all others'."""
    tallies = {1: Tally(arrived=arrived, answered=arrived), ELSEWHERE: Tally(arrived=elsewhere, answered=elsewhere)}
    return replace(WELL, tallies=tallies, last=tallies, **changes)


def decided(room: Facts, now_is: Mood, vitals: Vitals, all_rooms: AllRooms | None = None) -> Decision:
    return decide(room, now_is, vitals, HALF_AN_HOUR, all_rooms or together([room]))


def test_a_room_opens_by_itself_when_the_shop_is_in_trouble_twice_and_its_event_is_what_everybody_wants() -> None:
    room = replace(ROOM, mode="automatic", state="none", waiting=0, numbered=False, inlet=0.0)
    once = decided(room, "troubled", told(90, 10))
    assert (once.state, once.troubled) == ("none", 1)
    assert decided(replace(room, troubled=1), "troubled", told(90, 10)).state == "open"
    calmer: list[tuple[Mood, int]] = [
        ("troubled", 4), ("troubled", 15), ("crowded", 90), ("strained", 90), ("well", 90),
    ]  # fmt: skip
    for now_is, wanted in calmer:
        decision = decided(replace(room, troubled=1), now_is, told(wanted, 100 - wanted))
        assert (decision.state, decision.troubled) == ("none", 0), (now_is, wanted)


def test_nobody_is_admitted_before_the_draw_is_over() -> None:
    assert decided(ROOM, "well", told(0)).most == FIRST_INLET
    assert decided(replace(ROOM, numbered=False), "well", told(0)).most == 0


def test_without_tickets_the_room_stalls_and_its_inlet_does_not_grow() -> None:
    stalled = decided(replace(ROOM, available=10, out=10), "well", told(0))
    assert (stalled.most, stalled.stalled, stalled.inlet) == (0, True, FIRST_INLET)
    going = decided(ROOM, "well", told(20))
    assert (going.stalled, going.inlet > FIRST_INLET) == (False, True)


def test_a_room_is_calm_only_while_nobody_waits_or_is_about_to_buy() -> None:
    assert decided(replace(ROOM, waiting=0), "well", told(0)).calm_since == NOW
    for waiting, out in ((1, 0), (0, 1)):
        assert decided(replace(ROOM, waiting=waiting, out=out), "well", told(0)).calm_since is None


def test_an_inlet_grows_by_buyers_of_its_own_event_alone() -> None:
    assert decided(ROOM, "well", told(9, 1000)).inlet == FIRST_INLET
    assert decided(ROOM, "well", told(10, 1000)).inlet > FIRST_INLET


def test_rooms_share_what_one_would_have() -> None:
    room = replace(ROOM, inlet=200.0, slowed_at=NOW - timedelta(minutes=1))
    alone = decided(room, "well", told(200))
    shared = decided(room, "well", told(200), together([room] * 5))
    assert (shared.inlet - 200) * 5 == alone.inlet - 200 == 5
    waited_for = replace(room, inlet=50.0, out=900)
    crowded = decided(waited_for, "well", told(50), together([waited_for] * 5))
    assert (decided(waited_for, "well", told(50)).most, crowded.most) == (50, 0)
    opening = replace(room, state="gathering", inlet=0.0)
    first = decided(opening, "well", told(0), together([room] * 3))
    assert (first.state, first.inlet) == ("open", FIRST_INLET / 4)
    most = together([replace(room, inlet=MOST_INLET / 2)] * 2)
    assert decided(replace(room, inlet=MOST_INLET / 2), "well", told(2000), most).inlet == MOST_INLET / 2


def test_what_a_process_has_said_counts_once_and_its_rates_until_it_says_others() -> None:
    heard = Heard()
    bad, good = uuid7(), uuid7()
    last = Said(bad, NOW, True, 1, 0.9, {"7": {"arrived": 12, "late": 4}})
    first = heard.listen([last, Said(good, NOW, True, 0, 0.1, {"7": {"arrived": 5}, "8": {"arrived": 1}})])
    assert (first.processes, first.shed, first.busy) == (2, 1, 0.9)
    assert first.tallies == first.last == {7: Tally(arrived=17, late=4), 8: Tally(arrived=1)}
    later = Said(good, NOW + timedelta(seconds=1), True, 0, 0.1, {"8": {"arrived": 2}})
    second = heard.listen([last, later])
    assert (second.processes, second.quiet, second.busy) == (1, 1, 0.1)
    assert second.tallies == {8: Tally(arrived=2)}
    assert second.rates(7) == Tally(arrived=12, late=4)
    third = heard.listen([last._replace(fresh=False), later._replace(fresh=False)])
    assert (third.processes, third.quiet, third.silent, third.last) == (0, 0, 2, {})


def test_what_only_newer_processes_tell_does_not_stop_who_governs() -> None:
    newer = Said(uuid7(), NOW, True, 0, 0.1, {"7": {"arrived": 12, "unheard_of": 4}})
    assert Heard().listen([newer]).tallies == {7: Tally(arrived=12)}


def test_a_look_without_news_neither_opens_a_room_nor_begins_anew() -> None:
    room = replace(ROOM, mode="automatic", state="none", troubled=1, inlet=0.0)
    nothing = replace(WELL, processes=0, quiet=2, busy=0.0)
    after = decided(room, mood(nothing, 1, OBJECTIVES), nothing)
    assert (after.state, after.troubled) == ("none", 1)
