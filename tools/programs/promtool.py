"""promtool from wherever it can be had: `python -m tools.programs.promtool test rules slo/out/tests/*.yaml`."""

import os

from tools import console
from tools.console import Failure
from tools.programs.prometheus import MISSING, find


def main(arguments: list[str]) -> int:
    """Become it."""
    promtool = find("promtool")
    if promtool is None:
        raise Failure(f"the rules are not checked: {MISSING}")
    os.execv(promtool, [str(promtool), *arguments])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    console.run(main)
