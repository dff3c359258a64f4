"""Says what a change does to AWS and to the cluster: `python -m tools.release.changes`, into build/changes.diff.

Between BASE= (default origin/main) and this commit, by the templates and manifests that are committed, which the tests
hold to what is synthesized: no account is asked. With ENV=dev or prod it asks the account instead, what `cdk deploy`
would change there; that takes credentials of its `plan` role or better.
"""

import argparse
import os
from pathlib import Path

from cdk.settings import SettingsError, environment
from tools import console
from tools.commands import Commands
from tools.console import Failure, say, step
from tools.release.site import Site, programs
from tools.setup import ROOT

DIFF = ROOT / "build" / "changes.diff"
COMMITTED = ("tests/cdk/snapshots", "tests/manifests/snapshots", "slo/out")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make changes", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="show every command and run none")
    options = parser.parse_args(arguments)
    commands = Commands(programs(), dry_run=options.dry_run)
    if env := os.environ.get("ENV", ""):
        in_the_account(commands, env)
    else:
        between(commands, os.environ.get("BASE") or "origin/main")
    return 0


def between(commands: Commands, base: str, file: Path = DIFF) -> None:
    """Write the whole difference to the file, and print how much of what it touches."""
    if base.startswith("-"):
        raise Failure(f"BASE={base} is no commit: name one, such as origin/main")
    changed = f"{base}...HEAD"
    whole = commands.ask("git", "diff", changed, "--", *COMMITTED, example="")
    summary = commands.ask("git", "diff", "--stat", changed, "--", *COMMITTED, example="")
    if commands.dry_run:
        step("dry run: nothing was done")
        return
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{whole}\n")
    say(summary or f"nothing of {', '.join(COMMITTED)} changes")
    step(f"the whole of it is in {file.relative_to(ROOT) if file.is_relative_to(ROOT) else file}")


def in_the_account(commands: Commands, env: str) -> None:
    try:
        site = Site(environment(env), commands)
    except SettingsError as error:
        raise Failure(str(error)) from None
    commands.run(*site.cdk("diff", "--method", "template"))  # of all stacks, where none is named


if __name__ == "__main__":
    console.run(main)
