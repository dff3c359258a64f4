"""What AWS asks for its parts, in US dollars, as prices.csv has it."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REGION = "us-east-1"  # of all of them
TABLE = Path(__file__).with_name("prices.csv")


@dataclass(frozen=True, slots=True)
class Price:
    """usd is None where nobody has looked it up yet. dated: what the source says of itself."""

    id: str
    usd: float | None
    unit: str
    what: str
    dated: str
    source: str


def prices() -> Mapping[str, Price]:
    """By their ids. ValueError for one that has a figure and no source, or a source and no figure."""
    with TABLE.open(newline="") as file:
        rows = [_price(row) for row in csv.DictReader(file)]
    for row in rows:
        if (row.usd is None) == bool(row.source and row.dated):
            raise ValueError(f"{row.id}: a price comes with its date and source, or is left open with both")
        if row.dated and not re.match(r"\d{4}(-\d\d){0,2}$", row.dated):
            raise ValueError(f"{row.id}: {row.dated} is no date: a price that nobody dated is left open")
    return {row.id: row for row in rows}


def _price(row: Mapping[str, str]) -> Price:
    usd = float(row["usd"]) if row["usd"] else None
    return Price(row["id"], usd, row["unit"], row["what"], row["dated"], row["source"])
