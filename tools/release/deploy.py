"""Brings ENV=dev or prod to this commit, up to a tested address: `python -m tools.release.deploy`.

Each step is shown, the first failure ends it, and it may be started again at any time: what is done already is found
done. `--images` ends once the images are pushed; a pipeline that deploys finds them there, as its role can push none,
and so does whoever deploys prod, which runs what dev has run (tools/release/promote.py).
`--stacks` ends with the stacks: for the first time, when pods cannot start yet or their cluster is out of reach.
`--gate` only asks the budgets, of any environment.
`--dry-run` shows every command and runs none. For prod CONFIRM=tickets-prod is needed, and the error budgets must allow
it: CHANGE=fix, security or rollback says what is brought, BOOTSTRAP=UNTIL lets a young history pass, and
PROMETHEUS_URL= names another Prometheus than the cluster's. TAKE_OVER=HOLDER goes on where another one died.
"""

import argparse
import os
import shutil
import signal
from collections.abc import Mapping

from backend.domain.probe import PROBE_EVENT
from cdk import names
from tools import console, synth
from tools.commands import Commands, How
from tools.console import Failure, step
from tools.release import attempts
from tools.release.gatekeeper import ask_gate
from tools.release.kubernetes import Manifests
from tools.release.lease import Lease
from tools.release.protection import Protection
from tools.release.registry import DIGEST, Registry
from tools.release.releases import Releases
from tools.release.site import Site, Step, chosen, programs

# Of what the probe buys, which costs nothing and counts for nothing; slowly enough for the limits of one address.
LOAD = {"SCENARIO": "smoke", "EVENT": str(PROBE_EVENT), "RATE": "1", "DURATION": "60"}
_LOADS = 2  # before a release is blamed: of the few that it takes, one bad answer is more than the promise allows


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make deploy", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="show every command and run none")
    parser.add_argument("--images", action="store_true", help="push the images of this commit, and no more")
    parser.add_argument("--stacks", action="store_true", help="deploy the stacks, and no more")
    parser.add_argument("--gate", action="store_true", help="ask whether the error budgets allow it, and no more")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    site = chosen(Commands(programs(), dry_run=options.dry_run))
    part = ask if options.gate else push if options.images else only_stacks if options.stacks else deploy
    part(site, os.environ)
    return 0


def push(site: Site, variables: Mapping[str, str]) -> None:
    """Only what the registry lacks of this commit's images."""
    _Deployment(site, variables).push()


def only_stacks(site: Site, variables: Mapping[str, str]) -> None:
    """What AWS is to have, with nothing asked of the cluster, which may be out of reach."""
    _Deployment(site, variables).only_stacks()


def ask(site: Site, variables: Mapping[str, str]) -> None:
    """Only whether this commit may go there."""
    _Deployment(site, variables).ask()


def deploy(site: Site, variables: Mapping[str, str]) -> None:
    """All steps, one after the other. Failure names the one that ended it."""
    _Deployment(site, variables).run()


class _Deployment:
    """One run, and what its steps tell the later ones."""

    def __init__(self, site: Site, variables: Mapping[str, str]) -> None:
        self._site = site
        self._commands = site.commands
        self._variables = variables
        self._caller = self._commit = self._balancer = ""
        self._digests: dict[str, str] = {}
        self._registry = Registry(site)
        self._lease = Lease(site, variables)
        self._manifests = Manifests(site, synth.MANIFESTS / site.name)

    def push(self) -> None:
        self._site.follow([("who pushes what", self._begin), ("images", self._push_images)])
        step(f"the registry of {self._site.name} has the images of {self._commit[:12]}")

    def only_stacks(self) -> None:
        self._site.follow([("who deploys what", self._begin), ("stacks", self._stacks)])
        done = f"the stacks of {self._site.name} are those of {self._commit[:12]}"
        step("dry run: nothing was done" if self._commands.dry_run else done)

    def ask(self) -> None:
        self._site.follow([("who asks for what", self._begin), ("do the error budgets allow it", self._gate)])

    def run(self) -> None:
        steps: list[Step] = [
            ("who deploys what", self._begin),
            *([("do the error budgets allow it", self._gate)] if self._site.settings.protected else []),
            ("nobody else at it", self._alone),
            ("stacks", self._stacks),
            ("images", self._images),
            ("manifests", self._synthesize),
            ("the cluster", self._reach),
            ("the schema, wide enough for old and new", self._manifests.widen),
            ("the way in, before any pod", self._manifests.open_way),
            ("the application", self._roll_out),
            ("what is no longer wanted", self._manifests.prune),
            ("the shop's name", self._name),
            ("does it sell", self._visit),
            ("is it as quick as promised", self._load),
            # Last, as the release before cannot come back to a schema that was narrowed.
            ("the schema, without what only the old one needed", self._manifests.narrow),
            ("what there is to go back to", self._remember),
        ]
        attempts.forget(self._site)
        try:
            self._site.follow(steps)
        finally:
            self._lease.give_back()
        done = f"{self._site.name} runs {self._commit[:12]} at {self._site.settings.public_url}"
        step("dry run: nothing was done" if self._commands.dry_run else done)

    def _begin(self) -> None:
        self._commit = self._site.commit()
        self._caller = self._site.caller()

    def _gate(self) -> None:
        ask_gate(self._site, self._caller, self._variables)

    def _alone(self) -> None:
        """While there is no cluster, CloudFormation alone keeps two apart."""
        if self._site.has_cluster():
            self._reach()

    def _reach(self) -> None:
        self._site.reach_cluster(self._caller)
        self._lease.take(self._caller)

    def _stacks(self) -> None:
        """The first time is a person's: a pipeline's role is made by these stacks."""
        if not self._site.is_pipeline(self._caller):
            self._bootstrap()
            Protection(self._site).off_failed()
        settings = ("--require-approval", "never", "--outputs-file", self._site.outputs)
        self._commands.run(*self._site.cdk("deploy", "--all", *settings))

    def _bootstrap(self) -> None:
        version = self._site.aws("ssm", "get-parameter", "--name", "/cdk-bootstrap/hnb659fds/version")
        if self._commands.find(*version, absent="ParameterNotFound", example="") is None:
            settings = self._site.settings
            self._commands.run("cdk", "bootstrap", f"aws://{settings.account}/{settings.region}")

    def _images(self) -> None:
        """What is missing is pushed, unless another environment has it first, or it is for a pipeline's other job."""
        promoted = self._site.settings.delivery.images_from != ""
        if not promoted and not self._site.is_pipeline(self._caller):
            self._push_images()
        elif missing := " and ".join(self._missing(example=DIGEST)):
            first = f"`make {'promote' if promoted else 'push'} ENV={self._site.name}` brings them first"
            raise Failure(f"{missing} of {self._commit[:12]} are not in the registry of {self._site.name}: {first}")

    def _push_images(self) -> None:
        if missing := self._missing(example=None):
            self._registry.log_in()
            self._digests |= {image: self._registry.build(image, self._commit) for image in missing}

    def _missing(self, example: str | None) -> list[str]:
        """Images that the registry lacks, after noting the digests of those it has."""
        self._digests = self._registry.digests(self._commit, example=example)
        return [image for image in names.IMAGES if image not in self._digests]

    def _synthesize(self) -> None:
        """With all the checks of `make synth`."""
        made_for = {
            "CDK_OUTPUTS": str(self._site.outputs),
            **{f"{image.upper()}_IMAGE": digest for image, digest in self._digests.items()},
        }
        if not self._commands.dry_run:
            shutil.rmtree(synth.MANIFESTS / self._site.name, ignore_errors=True)  # a file that is no longer made
        for each in synth.STEPS:
            if each.name.startswith("manifest") and each.possible():
                self._commands.run(*each.command(self._site.name), how=How(cwd=each.cwd, variables=made_for))

    def _roll_out(self) -> None:
        """From here on there is something to undo, unless it ran already."""
        attempts.remember(self._site, self._commit, before=Releases(self._site).running())
        self._manifests.roll_out()

    def _name(self) -> None:
        """Tell the stacks the load balancer that the controller has made of the Ingress."""
        wanted = ("--names", names.load_balancer(self._site.name))
        query = "LoadBalancers[0].[DNSName,CanonicalHostedZoneId,LoadBalancerArn]"
        describe = self._site.aws("elbv2", "describe-load-balancers", *wanted, "--query", query, "--output", "text")
        example = "DNSNAME ZONE arn:aws:elasticloadbalancing:REGION:ACCOUNT:loadbalancer/app/NAME/ID"
        self._balancer, zone, arn = self._commands.ask(*describe, example=example).split()
        edge, watching = (self._site.stack(which) for which in (names.Stack.EDGE, names.Stack.OBSERVABILITY))
        parameters = {
            f"{edge}:{names.Parameter.LOAD_BALANCER_DNS}": self._balancer,
            f"{edge}:{names.Parameter.LOAD_BALANCER_ZONE}": zone,
            f"{watching}:{names.Parameter.LOAD_BALANCER_NAME}": arn.partition("loadbalancer/")[2],
        }
        given = [part for name, value in parameters.items() for part in ("--parameters", f"{name}={value}")]
        stacks = (construct(names.Stack.EDGE), construct(names.Stack.OBSERVABILITY))
        self._commands.run(*self._site.cdk("deploy", *stacks, "--exclusively", "--require-approval", "never", *given))

    def _remember(self) -> None:
        Releases(self._site).record(self._commit, synth.MANIFESTS / self._site.name)

    def _visit(self) -> None:
        url = self._site.settings.public_url
        self._commands.run("python", "-m", "tools.release.smoke", url, "--through", self._balancer)
        self._manifests.probe()

    def _load(self) -> None:
        """By k6, from where this runs, against the promise that slo.yaml makes."""
        how = How(variables={**LOAD, "HOST": self._site.settings.public_url})
        if all(self._commands.code("python", "-m", "tools.load", how=how) != 0 for _ in range(_LOADS)):
            back = f"`make rollback ENV={self._site.name}` goes back"
            raise Failure(f"{self._commit[:12]} does not keep the promise, see above: it is not released, and {back}")


def construct(which: names.Stack) -> str:
    """What the CDK's command line calls a stack."""
    return which.capitalize()


if __name__ == "__main__":
    console.run(main)
