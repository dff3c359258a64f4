"""Refuses a commit that GitHub has not found good: `COMMIT=… python -m tools.release.green`, for a pipeline.

`ci` must have passed for it on main; for ENV=prod it must also have been brought to dev, and sold there. What is still
running is waited for. It needs gh, and a token (GH_TOKEN) that may read actions.
"""

import json
import os
import re
import time
from typing import Any

from tools import console
from tools.commands import Commands
from tools.console import Failure, step

PAUSE = 20.0  # seconds between two looks
# Seconds for all of them: the jobs that ask live 55 minutes and more, and have to set up and to copy too. Tests take
# less; a deployment to dev may take longer when it hangs, and then this is to be asked again.
WAIT = 45 * 60.0
_RUNS = "repos/{owner}/{repo}/actions/workflows"  # gh fills in whose
_PASSED = '{"workflow_runs": [{"id": 1, "status": "completed", "conclusion": "success", "display_title": "%s %s"}]}'


def main(_arguments: list[str]) -> int:
    check(Commands(os.environ), os.environ.get("COMMIT", ""), os.environ.get("ENV", "dev"))
    return 0


def check(commands: Commands, commit: str, env: str) -> None:
    """Failure that names the first workflow that did not end well, or not in time."""
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise Failure(f"COMMIT is {commit!r}: expected all 40 digits of one")
    give_up = time.monotonic() + WAIT
    for workflow in ("ci", "deploy-dev") if env == "prod" else ("ci",):
        conclusion = _conclusion(commands, workflow, commit, give_up)
        if conclusion != "success":
            raise Failure(f"{workflow} of {commit[:12]}: {conclusion}; only what passed there goes on")
        step(f"{workflow} of {commit[:12]} passed")


def _conclusion(commands: Commands, workflow: str, commit: str, give_up: float) -> str:
    while True:
        run = _newest(commands, workflow, commit)
        if run and run["status"] == "completed":
            return str(run["conclusion"])
        if time.monotonic() + PAUSE > give_up:
            return "not done in time" if run else "never started"
        time.sleep(PAUSE)


def _newest(commands: Commands, workflow: str, commit: str) -> dict[str, Any] | None:
    """The last run for this commit. deploy-dev follows another workflow, so its runs have the commit in their name."""
    asked = f"head_sha={commit}&event=push&branch=main" if workflow == "ci" else "event=workflow_run&per_page=100"
    command = ("gh", "api", f"{_RUNS}/{workflow}.yml/runs?{asked}")
    answer = json.loads(commands.ask(*command, example=_PASSED % (workflow, commit)))
    runs: list[dict[str, Any]] = [run for run in answer["workflow_runs"] if run["conclusion"] != "skipped"]
    wanted = [run for run in runs if workflow == "ci" or run["display_title"] == f"{workflow} {commit}"]
    return max(wanted, key=lambda run: run["id"], default=None)


if __name__ == "__main__":
    console.run(main)
