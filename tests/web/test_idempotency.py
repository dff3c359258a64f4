from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.web.idempotency import body_hash, demand_usable, idempotency_id, scope_of_stranger
from backend.web.problems import Problem


@pytest.mark.parametrize("value", ["k", "~!0Az", "x" * 255])
def test_a_usable_key_is_taken(value: str) -> None:
    demand_usable(value)


@pytest.mark.parametrize("value", ["", " ", "a b", "x" * 256, "käse", "\x7f"])
def test_an_unusable_key_is_a_problem_that_names_the_header(value: str) -> None:
    with pytest.raises(Problem) as caught:
        demand_usable(value)
    assert caught.value.type == "validation"
    assert caught.value.errors[0]["field"] == "Idempotency-Key"


def test_a_key_that_others_may_think_of_counts_for_its_address_alone() -> None:
    random = str(uuid4())
    assert scope_of_stranger("1", "body", "192.0.2.1") != scope_of_stranger("1", "body", "192.0.2.2")
    assert scope_of_stranger(random, "body", "192.0.2.1") == scope_of_stranger(random, "body", "192.0.2.2")
    assert scope_of_stranger(random, "body", "192.0.2.1") != scope_of_stranger(random, "other", "192.0.2.1")


def test_the_id_is_the_same_tomorrow_and_in_every_process() -> None:
    assert idempotency_id("basket", "key") == UUID("b97b9f66-7674-18e5-c8b2-c9affd77887c")


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_different_keys_or_scopes_have_different_ids(scope: str, key: str, other_scope: str, other_key: str) -> None:
    same = (scope, key) == (other_scope, other_key)
    assert (idempotency_id(scope, key) == idempotency_id(other_scope, other_key)) is same


def test_bodies_are_compared_byte_by_byte() -> None:
    assert body_hash(b'{"a":1}') == body_hash(b'{"a":1}') != body_hash(b'{"a": 1}')
