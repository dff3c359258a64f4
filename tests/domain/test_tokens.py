"""The keys to the orders."""

import re
from uuid import UUID

import pytest

from backend.domain.ids import uuid7
from backend.domain.tokens import OrderTokens

OLD, NEW = "the secret of last year", "the secret of this year"
ORDER = uuid7()


def test_a_token_opens_its_order_and_no_other() -> None:
    tokens = OrderTokens([NEW])
    token = tokens.issue(ORDER)
    assert tokens.fits(ORDER, token)
    assert not tokens.fits(uuid7(), token)


def test_a_token_stands_in_an_address_as_it_is_and_has_192_bits() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", OrderTokens([NEW]).issue(ORDER))


@pytest.mark.parametrize("guess", ["", "x", "x" * 32, "x" * 100_000, "é", "\ud7ff", "\udcff"])
def test_a_guess_opens_nothing(guess: str) -> None:
    assert not OrderTokens([NEW]).fits(ORDER, guess)


def test_part_of_a_token_opens_nothing() -> None:
    tokens = OrderTokens([NEW])
    token = tokens.issue(ORDER)
    assert not any(tokens.fits(ORDER, cut) for cut in (token[:-1], token[1:], token + "A", token.swapcase()))


def test_links_of_the_last_secret_work_until_it_is_dropped() -> None:
    token = OrderTokens([OLD]).issue(ORDER)
    assert OrderTokens([NEW, OLD]).fits(ORDER, token)
    assert not OrderTokens([NEW]).fits(ORDER, token)


def test_new_links_are_signed_with_the_first_secret() -> None:
    assert OrderTokens([NEW, OLD]).issue(ORDER) == OrderTokens([NEW]).issue(ORDER)


@pytest.mark.parametrize("secrets", [[], ["short"], [NEW, "short"]])
def test_a_secret_that_could_be_guessed_is_refused(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="at least 16 characters"):
        OrderTokens(secrets)


def test_links_that_are_out_stay_good_in_later_versions() -> None:
    assert OrderTokens([NEW]).issue(UUID(int=1)) == "B4I40MkcL04zYWiJr7jlV8OO03Zwq09d"
