"""The dashboards as the tests read them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slo.dashboards import build
from slo.spec import Spec


@dataclass(frozen=True)
class Drawn:
    """One query of a panel."""

    board: str
    panel: str
    expr: str


def boards(spec: Spec) -> list[dict[str, Any]]:
    return [json.loads(text) for text in build.write(spec).values()]


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Without the headings."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries(spec: Spec) -> Iterator[Drawn]:
    for board in boards(spec):
        for panel in panels(board):
            for target in panel["targets"]:
                yield Drawn(board["uid"], panel["title"], target["expr"])


def marks(spec: Spec) -> set[str]:
    """The expressions of the annotations."""
    return {mark["expr"] for board in boards(spec) for mark in board["annotations"]["list"]}
