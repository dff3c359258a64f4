"""Lets OWASP ZAP look at a shop of its own, as a visitor sees it: `python -m tools.dast`.

ZAP's baseline follows the page's links for a while and reads what comes back; it attacks nothing. tests/dast/rules.tsv
says what of that is a failure, and why the rest is none. It runs in Docker; its reports are in build/zap.
"""

import signal
import tempfile
from pathlib import Path

from tools import console
from tools.commands import Commands
from tools.console import Failure, step
from tools.local.running import running_shop
from tools.setup import ROOT, environment

IMAGE = "ghcr.io/zaproxy/zaproxy:2.17.0@sha256:781a2bdaea47324e7bab583e2263f21d257b0aee61ed51521a5be45f5f5081ef"
RULES = ROOT / "tests" / "dast" / "rules.tsv"
REPORTS = ROOT / "build" / "zap"
MINUTES = 3
_FOUND = {1: "a rule that must hold does not", 2: "something that no rule speaks of", 3: "ZAP could not do its work"}


def main(_arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory(prefix="dast-", ignore_cleanup_errors=True) as folder,
        running_shop(
            Path(folder) / "shop"
        ) as facts,  # nobody is held back there: what limits answer would hide the page
    ):
        step(f"ZAP looks at {facts['url']} for {MINUTES} minutes")
        look(Commands(environment()), str(facts["url"]))
    return 0


def look(commands: Commands, url: str) -> None:
    """Failure when a rule of ours is broken, when something new turns up, and when nothing could be looked at."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    REPORTS.chmod(0o777)  # ZAP's container writes there as a user of its own
    (REPORTS / "rules.tsv").write_text(RULES.read_text())
    # The host's own network: the shop listens on this machine alone.
    container = ("docker", "run", "--rm", "--network", "host", "--volume", f"{REPORTS}:/zap/wrk:rw", IMAGE)
    options = ("-t", url, "-c", "rules.tsv", "-m", str(MINUTES), "-J", "report.json", "-r", "report.html")
    code = commands.code(*container, "zap-baseline.py", *options)
    if code != 0:
        found = _FOUND.get(code, f"it ends with {code}")
        raise Failure(f"{found}: see above and build/zap/report.html, then mend it or say in {RULES.name} why not")
    step("nothing is found that a rule forbids")


if __name__ == "__main__":
    console.run(main)
