"""Money: minor units inside, exact decimal numbers outside."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.money import Money, exponent

AMOUNTS = st.integers(min_value=-(10**15 - 1), max_value=10**15 - 1)
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "USD"])


@pytest.mark.parametrize(
    ("minor", "currency", "json_number"),
    [
        (9999, "EUR", "99.99"),
        (4500, "EUR", "45.0"),
        (10, "USD", "0.1"),
        (0, "EUR", "0.0"),
        (1500, "JPY", "1500"),
        (1234, "KWD", "1.234"),
        (-150, "EUR", "-1.5"),
    ],
)
def test_json_carries_the_amount_in_major_units(minor: int, currency: str, json_number: str) -> None:
    assert json.dumps(Money(minor, currency).major()) == json_number


@given(minor=AMOUNTS, currency=CURRENCIES)
def test_an_amount_survives_json_exactly(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.from_major(json.loads(json.dumps(money.major())), currency) == money


@pytest.mark.parametrize("amount", [149.99, "149.99", Decimal("149.99"), "149.990"])
def test_the_same_amount_comes_from_a_float_a_text_or_a_decimal(amount: Decimal | float | str) -> None:
    assert Money.from_major(amount, "EUR") == Money(14999, "EUR")


@pytest.mark.parametrize(("amount", "currency"), [(1.5, "JPY"), ("0.001", "EUR"), (0.1 + 0.2, "EUR")])
def test_a_fraction_that_the_currency_does_not_have_is_refused(amount: float | str, currency: str) -> None:
    with pytest.raises(ValueError, match="more digits"):
        Money.from_major(amount, currency)


@pytest.mark.parametrize("amount", ["", "ten", "1,50", "NaN", "sNaN", "Infinity", float("nan"), float("inf"), "1e400"])
def test_what_is_not_an_amount_is_refused(amount: float | str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|can be"):
        Money.from_major(amount, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "XYZ", "BTC", "DEM"])
def test_a_code_outside_iso_4217_is_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="ISO 4217"):
        Money(1, currency)


@pytest.mark.parametrize(
    ("currency", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("TND", 3), ("ISK", 0), ("HUF", 2)]
)
def test_each_currency_has_its_own_minor_unit(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


def test_prices_add_up_and_multiply() -> None:
    total = Money(9999, "EUR") * 2 + Money(150, "EUR") - Money(8, "EUR")
    assert total == Money(20140, "EUR")
    assert sum([total, total], start=Money.zero("EUR")) == Money(40280, "EUR")


def test_two_currencies_never_mix() -> None:
    with pytest.raises(ValueError, match="cannot mix EUR and USD"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(ValueError, match="cannot mix EUR and USD"):
        Money(1, "EUR") - Money(1, "USD")


def test_an_absurd_amount_is_refused_rather_than_printed_wrongly() -> None:
    with pytest.raises(ValueError, match="can be"):
        Money(10**15, "EUR")


@pytest.mark.parametrize(
    ("money", "text"),
    [(Money(450, "EUR"), "4.50 EUR"), (Money(7, "JPY"), "7 JPY"), (Money(-5, "KWD"), "-0.005 KWD")],
)
def test_an_amount_reads_as_written_by_a_person(money: Money, text: str) -> None:
    assert str(money) == text
