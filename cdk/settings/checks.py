"""What is wrong with a setting, in one line that names it."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, ip_network

LOG_DAYS = (7, 14, 30, 90, 365)  # of the numbers that CloudWatch knows


class SettingsError(ValueError):
    """One line: the setting, what it is, what it must be."""


def check(setting: str, ok: bool, must: str) -> None:  # noqa: FBT001 - reads as a sentence: check(what, so, else)
    """SettingsError unless it is so."""
    if not ok:
        raise SettingsError(f"{setting} {must}")


def one_of(setting: str, value: object, supported: tuple[object, ...]) -> None:
    """SettingsError unless the value is one of those that this code was written for and tested with."""
    choices = ", ".join(str(each) for each in supported)
    check(setting, value in supported, f"is {value}, which is not supported: choose from {choices}")


def matches(setting: str, value: str, pattern: str, must: str) -> None:
    """SettingsError unless all of the value looks like this."""
    check(setting, re.fullmatch(pattern, value, re.ASCII) is not None, f"is {value}: {must}")


def block(setting: str, cidr: str) -> IPv4Network:
    """The address block. SettingsError when it is none, or names a host inside of one."""
    try:
        return IPv4Network(cidr)
    except ValueError as error:
        raise SettingsError(f"{setting} is {cidr}, which is no address block such as 10.20.0.0/16: {error}") from None


def apart(blocks: dict[str, str]) -> None:
    """SettingsError when two of the named address blocks share addresses."""
    seen: list[tuple[str, IPv4Network]] = []
    for setting, cidr in blocks.items():
        mine = block(setting, cidr)
        for other, theirs in seen:
            check(setting, not mine.overlaps(theirs), f"{mine} overlaps {other} {theirs}: choose another block")
        seen.append((setting, mine))


def inside(cidr: str, blocks: tuple[str, ...]) -> bool:
    """Whether the block lies in one of the blocks."""
    mine = ip_network(cidr)
    return any(isinstance(mine, IPv4Network) and mine.subnet_of(IPv4Network(each)) for each in blocks)
