"""What a process says of itself on its metrics port."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tools.console import Failure

_LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_SECONDS = 5.0


class Series(NamedTuple):
    name: str
    labels: frozenset[tuple[str, str]]

    def label(self, name: str) -> str:
        return dict(self.labels).get(name, "")


Reading = Mapping[Series, float]
"""One scrape; of several processes, their sum."""


def read(urls: Iterable[str]) -> Reading:
    """Scrape these metrics ports now. Failure when one does not answer."""
    total: dict[Series, float] = {}
    for url in urls:
        for series, value in _parsed(_fetched(url)):
            total[series] = total.get(series, 0.0) + value
    return total


def sum_of(reading: Reading, name: str, **labels: str) -> float:
    """Of all series of this name that have these labels."""
    wanted = frozenset(labels.items())
    return sum(value for series, value in reading.items() if series.name == name and wanted <= series.labels)


def _fetched(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            return str(answer.read().decode())
    except (OSError, ValueError) as error:
        raise Failure(f"METRICS: {url} cannot be read: {error}") from None


def _parsed(text: str) -> Iterator[tuple[Series, float]]:
    for name, labels, value in _LINE.findall(text):
        yield Series(name, frozenset(_LABEL.findall(labels))), float(value)
