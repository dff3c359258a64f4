"""Refuses load on anybody else's shop, and on prod: `SCENARIO=… HOST=… python -m tools.load.hosts`, before any is sent.

HOST must be the address of an environment in cdk/settings, to the letter, SCENARIO one that `make load` knows; RATE,
DURATION and EVENT are whole numbers, where they are given. All come from the environment and not from arguments, so
nothing in them can become a command on the way here.
"""

import os
import re
from collections.abc import Mapping

from cdk.settings import ENVIRONMENTS, environment
from tools import console
from tools.console import Failure, step
from tools.load.scenarios import chosen


def main(_arguments: list[str]) -> int:
    scenario, host = os.environ.get("SCENARIO", ""), os.environ.get("HOST", "")
    check(scenario, host, os.environ)
    step(f"{host} is ours, and {scenario} is a scenario")
    return 0


def check(scenario: str, host: str, given: Mapping[str, str] | None = None) -> None:
    """Failure in one line for all but what is known."""
    environments = [environment(name) for name in ENVIRONMENTS]
    if host in [each.public_url for each in environments if each.protected]:
        raise Failure(f"{host} sells real tickets: load another shop of ours")
    ours = [each.public_url for each in environments if not each.protected]
    if host not in ours:
        raise Failure(f"{host!r} is no shop of ours: choose {' or '.join(ours)}")
    for name in ("RATE", "DURATION", "EVENT"):
        if (value := (given or {}).get(name)) and not re.fullmatch(r"[0-9]+", value):
            raise Failure(f"{name} is {value!r}: expected a whole number")
    chosen(scenario)


if __name__ == "__main__":
    console.run(main)
