"""Refuses load on anybody else's shop: `SCENARIO=… HOST=… python -m tools.target`, before a pipeline sends any.

HOST must be the address of an environment in cdk/settings, to the letter, and SCENARIO one that `make load` knows. Both
come from the environment and not from arguments, so nothing in them can become a command on the way here.
"""

import os

from cdk.settings import ENVIRONMENTS, environment
from tools import console
from tools.console import Failure, step
from tools.load.scenarios import chosen


def main(_arguments: list[str]) -> int:
    scenario, host = os.environ.get("SCENARIO", ""), os.environ.get("HOST", "")
    check(scenario, host)
    step(f"{host} is ours, and {scenario} is a scenario")
    return 0


def check(scenario: str, host: str) -> None:
    """Failure in one line for all but what is known."""
    ours = [environment(name).public_url for name in ENVIRONMENTS]
    if host not in ours:
        raise Failure(f"{host!r} is no shop of ours: choose {' or '.join(ours)}")
    chosen(scenario)


if __name__ == "__main__":
    console.run(main)
