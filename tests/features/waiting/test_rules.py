"""How many are admitted: from what the shop measures, to a rate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.ids import uuid7
from backend.domain.offers import RoomState
from backend.features.waiting.heard import Heard, Said
from backend.features.waiting.rules import (
    FIRST_INLET,
    LEAST_INLET,
    MOST_INLET,
    MOST_OUT,
    Facts,
    Mood,
    Vitals,
    admissions,
    decide,
    mood,
    next_inlet,
    next_pace,
    next_state,
    together,
)
from tests.features.waiting.people import OBJECTIVES

NOW = datetime(2027, 3, 12, 19, 30, tzinfo=UTC)
HALF_AN_HOUR = timedelta(minutes=30)
WELL = Vitals(processes=2, quiet=0, silent=0, answered=100, late=0, slow=0, failed=0, shed=0, busy=0.3)
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
        ({"late": 6}, "troubled"),
        ({"late": 5}, "well"),
        ({"answered": 3, "late": 1}, "well"),  # one slow request of three says nothing
        ({"slow": 6}, "strained"),
        ({"failed": 2}, "troubled"),
        ({"shed": 1}, "strained"),
        ({"answered": 0, "late": 3, "slow": 3}, "well"),
        ({"quiet": 2, "processes": 0, "answered": 0}, "strained"),
        ({"quiet": 1, "processes": 1}, "well"),
        ({"busy": 0.81}, "troubled"),
        ({"busy": 0.7}, "strained"),
        ({"silent": 1}, "strained"),
        ({"silent": 2, "processes": 0, "answered": 0}, "troubled"),
        ({"processes": 0, "answered": 0}, "well"),
    ],
)
def test_the_mood_follows_from_the_objectives(changes: dict[str, int], expected: str) -> None:
    assert mood(replace(WELL, **changes), OBJECTIVES) == expected


@given(rates, st.booleans(), st.one_of(st.none(), st.timedeltas(timedelta(), HALF_AN_HOUR)))
def test_the_inlet_never_grows_in_trouble_and_never_shrinks_while_all_is_well(
    inlet: float,
    used: bool,  # noqa: FBT001 - drawn
    slowed: timedelta | None,
) -> None:
    cut, kept, grown = (
        next_inlet(inlet, now_is, used=used, slowed=slowed) for now_is in ("troubled", "strained", "well")
    )
    assert LEAST_INLET <= cut <= inlet == kept <= grown <= MOST_INLET
    assert used or grown == inlet


def test_one_cut_is_given_time_to_show() -> None:
    assert next_inlet(100, "troubled", used=True, slowed=timedelta(seconds=2)) == 100
    assert next_inlet(100, "troubled", used=True, slowed=timedelta(seconds=4)) == 50


def test_a_shop_that_serves_so_many_and_no_more_is_given_about_so_many() -> None:
    """A shop that is strained from 80 a second on and in trouble from 100 on."""
    inlet = FIRST_INLET
    slowed_at: int | None = None
    seen = []
    for second in range(120):
        now_is: Mood = "troubled" if inlet > 100 else "strained" if inlet > 80 else "well"
        slowed = timedelta(seconds=second - slowed_at) if slowed_at is not None else None
        after = next_inlet(inlet, now_is, used=True, slowed=slowed)
        slowed_at = second if after < inlet else slowed_at
        inlet = after
        seen.append(inlet)
    assert 75 <= sum(seen[20:]) / len(seen[20:]) <= 100
    assert max(seen[20:]) <= 100


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


def test_a_room_opens_by_itself_when_the_shop_is_in_trouble_twice_and_its_event_is_what_everybody_wants() -> None:
    room = replace(ROOM, mode="automatic", state="none", waiting=0, numbered=False, inlet=0.0)
    once = decide(room, "troubled", WELL, 90, HALF_AN_HOUR)
    assert (once.state, once.troubled) == ("none", 1)
    assert decide(replace(room, troubled=1), "troubled", WELL, 90, HALF_AN_HOUR).state == "open"
    for now_is, wanted in (("troubled", 4), ("troubled", 15), ("strained", 90), ("well", 90)):
        calmer = decide(replace(room, troubled=1), now_is, WELL, wanted, HALF_AN_HOUR)  # type: ignore[arg-type]
        assert (calmer.state, calmer.troubled) == ("none", 0), (now_is, wanted)


def test_nobody_is_admitted_before_the_draw_is_over() -> None:
    assert decide(ROOM, "well", WELL, 0, HALF_AN_HOUR).most == FIRST_INLET
    assert decide(replace(ROOM, numbered=False), "well", WELL, 0, HALF_AN_HOUR).most == 0


def test_without_tickets_the_room_stalls_and_its_inlet_does_not_grow() -> None:
    stalled = decide(replace(ROOM, available=10, out=10), "well", WELL, 0, HALF_AN_HOUR)
    assert (stalled.most, stalled.stalled, stalled.inlet) == (0, True, FIRST_INLET)
    going = decide(ROOM, "well", WELL, 20, HALF_AN_HOUR)
    assert (going.stalled, going.inlet > FIRST_INLET) == (False, True)


def test_a_room_is_calm_only_while_nobody_waits_or_is_about_to_buy() -> None:
    assert decide(replace(ROOM, waiting=0), "well", WELL, 0, HALF_AN_HOUR).calm_since == NOW
    for waiting, out in ((1, 0), (0, 1)):
        assert decide(replace(ROOM, waiting=waiting, out=out), "well", WELL, 0, HALF_AN_HOUR).calm_since is None


def test_an_inlet_grows_by_buyers_of_its_own_event_alone() -> None:
    busy = replace(WELL, answered=1000)
    assert decide(ROOM, "well", busy, 9, HALF_AN_HOUR).inlet == FIRST_INLET
    assert decide(ROOM, "well", busy, 10, HALF_AN_HOUR).inlet > FIRST_INLET


def test_rooms_share_what_one_would_have() -> None:
    room = replace(ROOM, inlet=50.0, slowed_at=NOW - timedelta(minutes=1))
    alone = decide(room, "well", WELL, 50, HALF_AN_HOUR)
    five = together([room] * 5)
    shared = decide(room, "well", WELL, 50, HALF_AN_HOUR, all_rooms=five)
    assert (shared.inlet - 50) * 5 == alone.inlet - 50 == 5
    waited_for = replace(room, out=900)
    crowded = decide(waited_for, "well", WELL, 50, HALF_AN_HOUR, all_rooms=together([waited_for] * 5))
    assert (decide(waited_for, "well", WELL, 50, HALF_AN_HOUR).most, crowded.most) == (50, 0)
    opening = replace(room, state="gathering", inlet=0.0)
    first = decide(opening, "well", WELL, 0, HALF_AN_HOUR, all_rooms=together([room] * 3))
    assert (first.state, first.inlet) == ("open", FIRST_INLET / 4)
    most = together([replace(room, inlet=MOST_INLET / 2)] * 2)
    full = decide(replace(room, inlet=MOST_INLET / 2), "well", WELL, 2000, HALF_AN_HOUR, all_rooms=most)
    assert full.inlet == MOST_INLET / 2


def test_what_a_process_has_said_counts_once() -> None:
    heard = Heard()
    bad, good = uuid7(), uuid7()
    last = Said(bad, NOW, True, 50, 40, 45, 3, 1, 0.9, {"7": 12})
    first, wanted = heard.listen([last, Said(good, NOW, True, 50, 0, 0, 0, 0, 0.1, {"7": 5, "8": 1})])
    assert (first.processes, first.answered, first.late, first.busy) == (2, 100, 40, 0.9)
    assert wanted == {7: 17, 8: 1}
    later = Said(good, NOW + timedelta(seconds=1), True, 60, 0, 0, 0, 0, 0.1, {"8": 2})
    second, wanted = heard.listen([last, later])
    assert (second.processes, second.quiet, second.answered, second.late, second.busy) == (1, 1, 60, 0, 0.1)
    assert wanted == {8: 2}
    third, _ = heard.listen([last._replace(fresh=False), later._replace(fresh=False)])
    assert (third.processes, third.quiet, third.silent) == (0, 0, 2)


def test_a_look_without_news_neither_opens_a_room_nor_begins_anew() -> None:
    room = replace(ROOM, mode="automatic", state="none", troubled=1, inlet=0.0)
    nothing = replace(WELL, processes=0, quiet=2, answered=0, busy=0.0)
    after = decide(room, mood(nothing, OBJECTIVES), nothing, 0, HALF_AN_HOUR)
    assert (after.state, after.troubled) == ("none", 1)
