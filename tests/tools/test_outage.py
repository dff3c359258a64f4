"""The whole chain in fast motion: a real shop loses its database, and alert, status and gate notice and forget."""

import re
import subprocess
import sys

from tools.outage import ALERT
from tools.setup import ROOT


def test_an_outage_is_noticed_by_alert_status_and_gate_and_is_over_after_the_recovery() -> None:
    command = [sys.executable, "-m", "tools.outage", "--faster", "100"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert told.returncode == 0, told.stdout + told.stderr
    timeline = re.findall(r"^ +\d+:\d\d  (.*)$", told.stdout, re.MULTILINE)
    stopped, gate = timeline.index("PostgreSQL is stopped"), "the gate answers 20, block: do not release (feature)"
    assert set(timeline[stopped + 1 : stopped + 4]) == {
        "the status shows the burn",
        f"{ALERT} is pending",
        f"{ALERT} fires",
    }
    assert timeline[stopped + 4 : stopped + 8] == [
        "the status shows the alert",
        gate,
        "PostgreSQL runs again",
        f"{ALERT} has ended",
    ]
