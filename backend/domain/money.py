"""Amounts of money: whole minor units of an ISO 4217 currency, never floats."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

# Digits after the point of every currency one can be charged in; fund codes and metals of ISO 4217 are left out.
_WITHOUT_MINOR = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_HUNDREDTHS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE
CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB
PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY
TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
"""
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS: Final[dict[str, int]] = {
    code: digits
    for digits, codes in ((0, _WITHOUT_MINOR), (2, _HUNDREDTHS), (3, _THOUSANDTHS))
    for code in codes.split()
}

# Up to fifteen digits a float prints as the decimal number it stands for, so `major` is exact in JSON.
_LARGEST: Final = 10**15 - 1


def exponent(currency: str) -> int:
    """Digits after the point: 2 for EUR, 0 for JPY, 3 for KWD. ValueError for what is not an ISO 4217 code."""
    try:
        return _EXPONENTS[currency]
    except KeyError:
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code") from None


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units: Money(9999, "EUR") is 99.99 euros."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in _EXPONENTS:
            exponent(self.currency)
        if abs(self.minor) > _LARGEST:
            raise ValueError(f"{self.minor} is more than an amount of money can be")

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in a currency: the start of a sum."""
        return cls(0, currency)

    @classmethod
    def from_major(cls, amount: Decimal | float | str, currency: str) -> Money:
        """99.99 EUR -> Money(9999, "EUR"). ValueError when the currency has no such fraction (1.5 JPY, 0.001 EUR).

        A float means the shortest decimal number that it prints as, which is what JSON carried.
        """
        try:
            minor = Decimal(str(amount)).scaleb(exponent(currency))
            if not abs(minor) <= _LARGEST:
                raise ValueError(f"{amount} is more than an amount of money can be")
        except InvalidOperation:
            raise ValueError(f"{amount!r} is not an amount of money") from None
        if minor != minor.to_integral_value():
            raise ValueError(f"{amount} has more digits than {currency} has")
        return cls(int(minor), currency)

    def major(self) -> int | float:
        """For JSON: 99.99, or a whole number for a currency without minor units. Never to calculate with."""
        digits = _EXPONENTS[self.currency]
        return self.minor / 10**digits if digits else self.minor

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.minor * quantity, self.currency)

    def __str__(self) -> str:
        return f"{Decimal(self.minor).scaleb(-_EXPONENTS[self.currency]):f} {self.currency}"

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.minor
