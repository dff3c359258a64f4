"""Writes docs/cost.md anew: `python -m cdk.cost`."""

from __future__ import annotations

from cdk.cost.document import PATH, document
from cdk.cost.prices import prices
from cdk.settings import ENVIRONMENTS, environment

if __name__ == "__main__":
    PATH.write_text(document([environment(name) for name in ENVIRONMENTS], prices()))
