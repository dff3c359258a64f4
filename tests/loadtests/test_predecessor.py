"""A k6 script that was written for the predecessor, with its hundred users."""

import re
from pathlib import Path

from tests.loadtests.driving import PASSED, drive
from tests.shop import Shop

SCRIPT = Path(__file__).with_name("predecessor.js")


async def test_a_script_written_for_the_predecessor_passes_unchanged_at_a_hundred_users(shop: Shop) -> None:
    result = await drive(SCRIPT, shop.url, BASE_URL=shop.url, RAMP="1s", HOLD="3s")
    assert result.status == PASSED, result.told
    assert re.search(r"^ *vus_max\.*: 100 ", result.told, re.MULTILINE)
    assert await shop.broken() == []
