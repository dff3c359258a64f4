"""What the rule tests expect is worked out by code of our own, which has to be right itself."""

import pytest

from slo.ruletests.expected import firing
from slo.ruletests.notation import counter, gauge


def held(text: str) -> list[bool]:
    return [letter == "x" for letter in text]


@pytest.mark.parametrize(
    ("holds", "fires"),
    [
        ("..........", ".........."),
        ("..xxxxxx..", "....xxxxxx"),  # for two minutes; the last two are those that it is kept for
        ("..xxxx....", "....xxxx.."),
        ("..xx......", ".........."),  # not for long enough
        ("xxxx..xx..", "..xxxxxxxx"),  # a moment's calm while it is kept does not end it
        ("xxxx...xxx", "..xxxx...x"),  # a longer one does, and it has to hold anew
    ],
)
def test_an_alert_fires_after_a_while_and_is_kept_for_a_while(holds: str, fires: str) -> None:
    assert firing(held(holds), lasting=2, keep=2) == held(fires)


def test_without_a_wait_it_fires_at_once_and_ends_with_the_condition() -> None:
    assert firing(held("..xx.."), lasting=0, keep=0) == held("..xx..")


def test_a_counter_is_written_as_steps_and_begins_again_at_a_restart() -> None:
    assert counter([1, 1, 1, 0, 0, 2.5]) == "10000000 10000001+1x2 10000003+0x1 10000005.5+2.5x0"
    assert counter([1, 1, 1], restarts={1}) == "10000000 10000001+1x0 0+0x0 1+1x0"


def test_a_counter_never_falls_by_a_rounding() -> None:
    """0.1 is no sum of powers of two: a value that is a little less than the one before would be a restart."""
    steps = counter([0.1] * 7 + [0.0] * 3).split()
    (start, more), (rest, _) = (step.split("+") for step in steps[1:])
    increment, count = more.split("x")
    assert float(rest) == float(start) + float(increment) * float(count)


def test_a_gauge_may_be_missing() -> None:
    assert gauge([1, 1, None, None, 0.5]) == "1+0x1 _x2 0.5+0x0"
