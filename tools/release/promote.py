"""Brings to ENV=prod the images that dev has sold with: `python -m tools.release.promote [--dry-run]`.

Nothing is built: both images of this commit are copied by their digest from dev's registry, once GitHub says that the
tests of the commit have passed and that dev sold with it, which is waited for (needs gh, and Docker with buildx). While
somebody goes back, nothing is to follow. What is there already stays, as a tag means one image for ever. Whoever runs
it pushes to the one registry and reads the other, as the role of prod's pushing jobs may.
"""

import argparse
import json
import os
import signal

from cdk import names
from cdk.settings import SettingsError, environment, refuse_examples
from tools import console
from tools.commands import Commands
from tools.console import Failure, say, step
from tools.release import green
from tools.release.registry import DIGEST, Registry
from tools.release.site import Site, chosen, programs


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make promote", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="show every command and run none")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    promote(chosen(Commands(programs(), dry_run=options.dry_run), os.environ))
    return 0


def promote(site: Site) -> None:
    """All steps, one after the other. Failure names the one that ended it."""
    source = _source(site)
    step(f"{site.name} 1/4: who brings what")
    commit = site.commit()
    site.caller()
    step(f"{site.name} 2/4: has it passed, and sold in {source.name}")
    green.check(site.commands, commit, site.name)
    step(f"{site.name} 3/4: images")
    _copy(site, source, commit)
    step(f"{site.name} 4/4: does nobody go back")
    _refuse_beside_a_way_back(site)
    done = f"the registry of {site.name} has the images of {commit[:12]} that {source.name} sold with"
    step("dry run: nothing was done" if site.commands.dry_run else done)


def _source(site: Site) -> Site:
    """The environment that goes first. Failure where none does, or where it was never set up."""
    name = site.settings.delivery.images_from
    if not name:
        raise Failure(f"{site.name} takes images from no other environment: `make push ENV={site.name}` builds them")
    source = Site(environment(name), site.commands)
    try:
        if not site.commands.dry_run:
            refuse_examples(source.settings)
    except SettingsError as error:
        raise Failure(f"{site.name} takes its images from {name}: {error}") from None
    return source


def _refuse_beside_a_way_back(site: Site) -> None:
    """Last, just before the deployment: GitHub lets one job of a group wait, and a newer one takes its place."""
    workflow = site.settings.delivery.runner_workflow
    asked = f"repos/{{owner}}/{{repo}}/actions/workflows/{workflow}.yml/runs?event=workflow_dispatch&per_page=100"
    answer = json.loads(site.commands.ask("gh", "api", asked, example='{"workflow_runs": []}'))
    for run in answer["workflow_runs"]:
        if run["display_title"] == f"{workflow} rollback" and run["status"] != "completed":
            way_back = f"{site.name} goes back, or waits to: {run['html_url']}"
            raise Failure(f"{way_back}; a deployment would take its place, so start it again when that has ended")


def _copy(site: Site, source: Site, commit: str) -> None:
    target, origin = (Registry(each) for each in (site, source))
    there = target.digests(commit, example=None)
    sold = origin.digests(commit, example=DIGEST)
    if missing := " and ".join(image for image in names.IMAGES if image not in sold):
        raise Failure(f"{source.name} has no {missing} of {commit[:12]} any more: deploy the commit there anew")
    if other := " and ".join(image for image, digest in there.items() if digest != sold[image]):
        raise Failure(f"{other} of {commit[:12]} was built for {site.name}, and is not what {source.name} sold with")
    wanted = [image for image in names.IMAGES if image not in there]
    for registry in {each.host: each for each in (origin, target)}.values() if wanted else ():
        registry.log_in()
    for image in wanted:
        target.copy(image, commit, origin, sold[image])
        say(f"  {image} is {sold[image]}, as in {source.name}")


if __name__ == "__main__":
    console.run(main)
