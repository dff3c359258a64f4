import math

import pytest

from backend.telemetry.promise_sections import BurnWindow
from slo.detection import PARTIAL, TOTAL, detections, seconds_to_breach, seconds_to_notice
from slo.explain import explain, span, spans
from slo.objectives import Objective, objectives
from slo.rules.burn import can_fire
from slo.rules.document import alerts
from slo.ruletests.expected import Burning, Stream
from slo.spec import load_spec

SPEC = load_spec()
PLENTY = 50.0  # events a second: numbers of events never decide
DAYS = 4 * 24 * 60  # minutes, longer than every window that alerts look at


PAIRS = [
    (objective, window, share)
    for objective in objectives(SPEC)
    for window in SPEC.alerting.windows
    for share in (TOTAL, PARTIAL)
    if can_fire(objective, window) and not objective.in_slices
]


def minutes_counted(objective: Objective, window: BurnWindow, share: float, per_second: float) -> float:
    """Until the condition holds, found by counting events from minute to minute after days without a bad one."""
    length = DAYS + round(window.long.total_seconds() / 60)
    events = [per_second * 60] * length
    bad = [0.0] * DAYS + [per_second * 60 * share] * (length - DAYS)
    holds = Burning(SPEC, Stream(objective, {}, events, bad)).condition([window])
    return next((float(minute - DAYS) for minute in range(DAYS, length) if holds(1.0, minute)), math.inf)


@pytest.mark.parametrize(
    ("objective", "window", "share"),
    PAIRS,
    ids=lambda value: str(getattr(value, "name", getattr(value, "burn", value))),
)
def test_the_time_to_notice_is_the_one_that_counting_finds(
    objective: Objective, window: BurnWindow, share: float
) -> None:
    told = seconds_to_notice(SPEC, objective, window, share=share, events_per_second=PLENTY) / 60
    counted = minutes_counted(objective, window, share, PLENTY)
    assert told == counted == math.inf or told == pytest.approx(counted, abs=1.5)


def test_with_little_traffic_it_takes_until_there_are_enough_bad_events() -> None:
    availability, window = objectives(SPEC)[0], SPEC.alerting.windows[0]
    minimum = SPEC.alerting.minimum_bad_events
    rate = minimum / 600  # so many in ten minutes
    told = seconds_to_notice(SPEC, availability, window, share=TOTAL, events_per_second=rate)
    assert told == pytest.approx(600)
    assert minutes_counted(availability, window, TOTAL, rate) == pytest.approx(10, abs=1)
    too_little = minimum * 0.9 / window.long.total_seconds()
    assert seconds_to_notice(SPEC, availability, window, share=TOTAL, events_per_second=too_little) == math.inf


def test_the_quantile_is_breached_when_more_than_its_rest_of_the_short_window_is_slow() -> None:
    allowed = 1 - SPEC.objectives.latency[0].target
    assert seconds_to_breach(SPEC, share=1, events_per_second=PLENTY) == pytest.approx(allowed * 300)
    assert seconds_to_breach(SPEC, share=allowed, events_per_second=PLENTY) == math.inf
    assert seconds_to_breach(SPEC, share=1, events_per_second=0.01) == math.inf


def test_a_total_outage_of_any_journey_pages_within_four_minutes() -> None:
    availability = objectives(SPEC)[0]
    found = [each for each in detections(SPEC, availability) if each.window.severity == "page"]
    for journey in SPEC.journeys:
        quickest = min(each.noticed[TOTAL][journey] + each.lasting.total_seconds() for each in found)
        assert quickest <= 240


def test_everything_is_explained() -> None:
    text = explain(SPEC)
    for name in (*(alert.name for alert in alerts(SPEC)), *(objective.name for objective in objectives(SPEC))):
        assert name in text
    assert "budget 0.1 %: 40 min 19 s" in text
    assert "4,838 of 4,838,400 events in browse" in text
    assert "SLOAvailabilityFastBurn  1h/5m    13.44  > 1.344 %  48 s (queue 1 min 40 s)" in text
    assert max(map(len, text.splitlines())) <= 132


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (48.4, "48 s"),
        (60, "1 min"),
        (800, "13 min 20 s"),
        (3600, "1 h"),
        (24192, "6 h 43 min"),
        (86400, "1 d"),
        (120960, "1 d 9 h"),
        (86400 + 59, "1 d"),
        (math.inf, "never"),
    ],
)
def test_times_are_told_by_their_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_journey_that_takes_longer_is_named() -> None:
    assert spans({"browse": 48, "account": 100}) == "48 s (account 1 min 40 s)"
    assert spans({"browse": 48, "account": 48.1}) == "48 s"
    assert spans({"": 60}) == "1 min"
