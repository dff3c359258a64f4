from uuid import UUID

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from backend.web.idempotency import body_hash, idempotency_id, idempotency_key
from backend.web.problems import Problem


def key_of(value: str) -> str | None:
    return idempotency_key(make_mocked_request("POST", "/", headers={"Idempotency-Key": value}))


@pytest.mark.parametrize("value", ["k", "~!0Az", "x" * 255])
def test_a_usable_key_is_taken(value: str) -> None:
    assert key_of(value) == value


@pytest.mark.parametrize("value", ["", " ", "a b", "x" * 256, "käse", "\x7f"])
def test_an_unusable_key_is_a_problem_that_names_the_header(value: str) -> None:
    with pytest.raises(Problem) as caught:
        key_of(value)
    assert caught.value.type == "validation"
    assert caught.value.errors[0]["field"] == "Idempotency-Key"


def test_the_header_is_optional() -> None:
    assert idempotency_key(make_mocked_request("POST", "/")) is None


def test_the_id_is_the_same_tomorrow_and_in_every_process() -> None:
    assert idempotency_id("basket", "key") == UUID("b97b9f66-7674-18e5-c8b2-c9affd77887c")


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_different_keys_or_scopes_have_different_ids(scope: str, key: str, other_scope: str, other_key: str) -> None:
    same = (scope, key) == (other_scope, other_key)
    assert (idempotency_id(scope, key) == idempotency_id(other_scope, other_key)) is same


def test_bodies_are_compared_byte_by_byte() -> None:
    assert body_hash(b'{"a":1}') == body_hash(b'{"a":1}') != body_hash(b'{"a": 1}')
