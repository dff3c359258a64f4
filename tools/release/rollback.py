"""Takes ENV=dev or prod back to a release that sold: `python -m tools.release.rollback [--dry-run]`.

TO=COMMIT names it. UNDO=COMMIT goes back to the newest one but that commit: so a pipeline undoes what it has just tried
from the same folder. What touched no pod is not undone, nor a commit that ran and sold before it was deployed again.
Without either it is the one before what runs. Newer ones are forgotten, so that nothing goes back to them. Pods are
replaced as in any rollout; the stacks stay as they are, and so does the schema: what only widened it is no hindrance,
and where it was narrowed since, the former release's own migration refuses before any pod is touched. The budgets are
not asked. TAKE_OVER=HOLDER goes on where another one died who was changing the environment.
"""

import argparse
import os
import signal
from collections.abc import Mapping

from tools import console
from tools.commands import Commands
from tools.console import Failure, say, step
from tools.release import attempts
from tools.release.kubernetes import Manifests
from tools.release.lease import Lease
from tools.release.releases import Release, Releases, arns, chosen, replaced
from tools.release.site import Site, Step, programs
from tools.release.site import chosen as chosen_site
from tools.setup import ROOT

FOLDER = ROOT / "build" / "rollback"  # the release's manifests, below it one folder for each environment


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make rollback", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="show every command and run none")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rollback(chosen_site(Commands(programs(), dry_run=options.dry_run)), os.environ)
    return 0


def rollback(site: Site, variables: Mapping[str, str]) -> None:
    """All steps, one after the other. Failure names the one that ended it."""
    _Rollback(site, variables).run()


class _Rollback:
    def __init__(self, site: Site, variables: Mapping[str, str]) -> None:
        self._site = site
        self._commands = site.commands
        self._to, self._undo = variables.get("TO", ""), variables.get("UNDO", "")
        self._lease = Lease(site, variables)
        self._releases = Releases(site)
        self._release = Release("COMMIT", "", {})
        self._newer: list[str] = []
        self._folder = FOLDER / site.name
        self._manifests = Manifests(site, self._folder)

    def run(self) -> None:
        if self._undo and not self._commands.dry_run and (why := attempts.nothing_to_undo(self._site, self._undo)):
            step(f"{self._site.name}: {why}")
            self._let_go()
            return
        steps: list[Step] = [
            ("who goes back", self._begin),
            ("to which release", self._choose),
            ("does the schema still bear it", self._manifests.widen),
            ("the way in", self._manifests.open_way),
            ("the application", self._manifests.roll_out),
            ("what is no longer wanted", self._manifests.prune),
            ("does it sell", self._visit),
        ]
        try:
            self._site.follow(steps)
        finally:
            self._lease.give_back()
        done = f"{self._site.name} runs {self._release.commit[:12]} again, as it was released at {self._release.at}"
        step("dry run: nothing was done" if self._commands.dry_run else done)

    def _let_go(self) -> None:
        """Of the lease that a deployment of this very run still holds, when it was killed before it could."""
        try:
            if self._site.has_cluster():
                self._begin()
        except Failure as failure:
            say(f"  the lease is left as it is: {failure}")
        finally:
            self._lease.give_back()

    def _begin(self) -> None:
        caller = self._site.caller()
        self._site.reach_cluster(caller)
        self._lease.take(caller)

    def _choose(self) -> None:
        running = self._releases.images()
        releases = self._releases.all()
        if self._commands.dry_run:
            return
        self._release = chosen(releases, running=running, undo=self._undo, to=self._to)
        # What is undone was deployed from here a moment ago; all else is known by the last release that sold.
        there = (arns(self._site.outputs) if self._undo else set()) or releases[0].arns
        if gone := replaced(self._release, there):
            since = f"needs {gone}, which the stacks have replaced since"
            raise Failure(f"{self._release.commit[:12]} {since}: deploy that commit anew instead")
        self._newer = [each.commit for each in releases if each.at > self._release.at]
        say(f"  {self._release.commit} of {self._release.at}")
        self._release.unpack(self._folder)

    def _visit(self) -> None:
        self._commands.run("python", "-m", "tools.release.smoke", self._site.settings.public_url)
        self._manifests.probe()
        self._releases.forget(*self._newer)


if __name__ == "__main__":
    console.run(main)
