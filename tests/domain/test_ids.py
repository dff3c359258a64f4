"""Identifiers that are made before the database is asked."""

import time
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.ids import derived_id, uuid7


def test_a_new_identifier_is_a_uuid_of_version_7_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_identifiers_sort_by_the_millisecond_they_were_made_in() -> None:
    earlier = uuid7()
    while time.time_ns() // 1_000_000 == earlier.int >> 80:
        pass
    assert earlier < uuid7()


def test_no_two_are_the_same_within_a_millisecond() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_everything_but_time_version_and_variant_is_random() -> None:
    """A basket's identifier is the key to it, so 74 of its bits have to be beyond guessing."""
    made = [uuid7().int for _ in range(400)]
    changing = [bit for bit in range(80) if len({number >> bit & 1 for number in made}) == 2]
    assert len(changing) == 74


@given(st.lists(st.text(max_size=5), max_size=3), st.lists(st.text(max_size=5), max_size=3))
def test_the_same_parts_and_no_others_give_the_same_identifier(one: list[str], other: list[str]) -> None:
    made = derived_id(*one)
    assert (made.version, made.variant) == (8, RFC_4122)
    assert (made == derived_id(*other)) == (one == other)


def test_an_identifier_that_was_given_out_stays_the_same_in_later_versions() -> None:
    assert derived_id("basket", "key") == UUID("0ee49cca-401a-8faf-9f88-c1f498767390")
