"""What is wrong with a setting, in one line that names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LOG_DAYS = (7, 14, 30, 90, 365)  # of the numbers that CloudWatch knows


PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")  # RFC 1918
SHARED = "100.64.0.0/10"  # RFC 6598, which AWS takes for a VPC
# Nobody comes from these out of the internet.
NOT_PUBLIC = (*PRIVATE, SHARED, "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")

_WORDS = {
    str: "a text",
    int: "a whole number",
    bool: "True or False",
    tuple: 'texts in a tuple, as ("a",)',
    Mapping: "texts by their names",
}


class SettingsError(ValueError):
    """One line: the setting, what it is, what it must be."""

    def __init__(self, text: str) -> None:
        super().__init__("".join(each if each.isprintable() else repr(each)[1:-1] for each in text))


def check(setting: str, ok: bool, must: str) -> None:  # noqa: FBT001 - reads as a sentence: check(what, so, else)
    """SettingsError unless it is so."""
    if not ok:
        raise SettingsError(f"{setting} {must}")


def typed(settings: DataclassInstance, part: str = "") -> None:
    """SettingsError unless every field holds what its annotation says, which Python itself does not ask."""
    kinds = get_type_hints(type(settings))
    for each in fields(settings):
        value, kind = getattr(settings, each.name), kinds[each.name]
        plain = get_origin(kind) or kind
        must = f"is {value!r}: write {_WORDS.get(plain) or plain.__name__}"
        check(f"{part}.{each.name}".lstrip("."), _is(value, plain), must)


def _is(value: Any, kind: Any) -> bool:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return False
    if kind is tuple:
        return all(isinstance(each, str) for each in value)
    return kind is not Mapping or all(isinstance(each, str) for pair in value.items() for each in pair)


def one_of(setting: str, value: object, supported: tuple[object, ...]) -> None:
    """SettingsError unless the value is one of those that this code was written for and tested with."""
    choices = ", ".join(str(each) for each in supported)
    check(setting, value in supported, f"is {value}, which is not supported: choose from {choices}")


def within(setting: str, value: int, least: int, most: int) -> None:
    """SettingsError unless AWS, or whoever takes it, takes a number of this size."""
    check(setting, least <= value <= most, f"is {value}: {least:,} to {most:,}")


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


def inside(cidr: str | IPv4Network, blocks: tuple[str, ...]) -> bool:
    """Whether the block lies in one of the blocks."""
    mine = ip_network(cidr)
    return any(isinstance(mine, IPv4Network) and mine.subnet_of(IPv4Network(each)) for each in blocks)
