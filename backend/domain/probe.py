"""The event of which the probe buys, which is no sale."""

from __future__ import annotations

from typing import Final

# The last number that a page's script can count to, so that none is taken away from the events that follow.
PROBE_EVENT: Final = 2**53 - 1
