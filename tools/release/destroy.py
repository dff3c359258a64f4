"""Takes ENV=dev or prod down again: `python -m tools.release.destroy`, or with `--dry-run` only says how.

First what the cluster has made outside of CloudFormation, or nothing could be deleted after it. Of prod, which needs
CONFIRM=tickets-prod, the database with its network and the registry stay, and a last snapshot is taken once nobody
buys any more. It may be started again at any time. What is left at the end is listed: it goes on costing.
TAKE_OVER=HOLDER goes on where another one died who was changing the environment.
"""

import argparse
import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime

from cdk import names
from tools import console
from tools.commands import Commands
from tools.console import say, step
from tools.release.deploy import construct
from tools.release.lease import Lease
from tools.release.protection import Protection
from tools.release.site import Site, Step, chosen, programs

KEPT = (names.Stack.NETWORK, names.Stack.REGISTRY, names.Stack.DATABASE)  # where protected is set
# Of the stacks that go, what stays all the same, by its type in their templates.
KEPT_TYPES = {
    "AWS::SecretsManager::Secret": "secrets",
    "AWS::KMS::Key": "keys",
    "AWS::Logs::LogGroup": "logs",
    "AWS::S3::Bucket": "the load balancer's log",
    "AWS::S3::BucketPolicy": "its policy",
    "AWS::IAM::Role": "its reader",
    "AWS::IAM::OIDCProvider": "GitHub's identity provider",
}
_PATIENCE = "15m"
_MONITORED = "prometheus.monitoring.coreos.com,alertmanager.monitoring.coreos.com"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make destroy", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="show every command and run none")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    destroy(chosen(Commands(programs(), dry_run=options.dry_run)), os.environ)
    return 0


def destroy(site: Site, variables: Mapping[str, str]) -> None:
    """All steps, one after the other. Failure names the one that ended it."""
    _Destruction(site, variables).run()


class _Destruction:
    def __init__(self, site: Site, variables: Mapping[str, str]) -> None:
        self._site = site
        self._commands = site.commands
        self._lease = Lease(site, variables)
        self._protection = Protection(site)
        self._caller = ""

    def run(self) -> None:
        protected = self._site.settings.protected
        steps: list[Step] = [
            ("who takes what down", self._begin),
            ("what the cluster made", self._close),
            *([("a last snapshot", self._snapshot), ("protection", self._unprotect)] if protected else []),
            ("stacks", self._stacks),
            ("what is left", self._list),
        ]
        try:
            self._site.follow(steps)
        finally:
            self._lease.give_back()
        step("dry run: nothing was done" if self._commands.dry_run else f"{self._site.name} is taken down")

    def _begin(self) -> None:
        self._caller = self._site.caller()

    def _close(self) -> None:
        """Ingresses, while their controller lives: then pods, and the volumes of the monitoring."""
        if not self._site.has_cluster():
            say("  there is no cluster, and so nothing in it")
            return
        self._site.reach_cluster(self._caller)
        self._lease.take(self._caller)
        balancer = self._balancer()
        self._protection.off_ingresses(balancer)
        delete = ("delete", "ingress", "--all", "--wait", "--timeout", _PATIENCE)
        self._commands.run(*self._site.kubectl(*delete))
        if balancer is not None:
            gone = ("elbv2", "wait", "load-balancers-deleted", "--load-balancer-arns", balancer)
            self._commands.run(*self._site.aws(*gone))
        name = names.namespace(self._site.name)
        ended = ("--ignore-not-found", "--wait", "--timeout", _PATIENCE)
        self._commands.run(*self._site.kubectl("delete", "namespace", name, *ended))
        self._lease.forget()
        # Pods hold their volumes, and who makes the pods would make them again: so the operator's resources go first.
        monitored = ("delete", _MONITORED, "--all", *ended)
        # A cluster in which nothing was installed yet does not know them.
        unknown = "doesn't have a resource type"
        self._commands.find(*self._site.kubectl(*monitored, namespace=names.MONITORING), absent=unknown, example="")
        claims = ("delete", "persistentvolumeclaim", "--all", *ended)
        self._commands.run(*self._site.kubectl(*claims, namespace=names.MONITORING))
        # A claim is gone before its volume is; once the driver is gone, nobody would delete it.
        volumes = ("wait", "persistentvolume", "--all", "--for=delete", "--timeout", _PATIENCE)
        self._commands.run(*self._site.kubectl(*volumes))

    def _balancer(self) -> str | None:
        wanted = ("--names", names.load_balancer(self._site.name), "--query", "LoadBalancers[0].LoadBalancerArn")
        describe = self._site.aws("elbv2", "describe-load-balancers", *wanted, "--output", "text")
        return self._commands.find(*describe, absent="LoadBalancerNotFound", example="ARN")

    def _snapshot(self) -> None:
        """Of the data as it is when the last customer has gone."""
        query = f"Stacks[0].Outputs[?OutputKey=='{names.Output.DATABASE_HOST}'].OutputValue"
        wanted = ("--stack-name", self._site.stack(names.Stack.DATABASE), "--query", query, "--output", "text")
        describe = self._site.aws("cloudformation", "describe-stacks", *wanted)
        host = self._commands.find(*describe, absent="does not exist", example="INSTANCE")
        if not host:
            say("  there is no database")
            return
        instance = host.partition(".")[0]
        name = f"{names.prefix(self._site.name)}-final-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        snapshot = ("--db-snapshot-identifier", name)
        create = self._site.aws("rds", "create-db-snapshot", "--db-instance-identifier", instance, *snapshot)
        self._commands.run(*create, "--query", "DBSnapshot.DBSnapshotArn")
        self._commands.run(*self._site.aws("rds", "wait", "db-snapshot-available", *snapshot))

    def _unprotect(self) -> None:
        """Of what will be deleted: the stacks that hold no data, and the cluster."""
        self._protection.off_stacks(self._site.stack(which) for which in self._going)
        self._protection.off_cluster()

    def _stacks(self) -> None:
        going = ["--all"] if not self._site.settings.protected else [construct(which) for which in self._going]
        self._commands.run(*self._site.cdk("destroy", *going, "--force"))

    @property
    def _going(self) -> list[names.Stack]:
        kept = KEPT if self._site.settings.protected else ()
        return [which for which in reversed(names.Stack) if which not in kept]

    def _list(self) -> None:
        """By their tags; what is only just being deleted may still be among them."""
        tags = {"product": names.PRODUCT, "environment": self._site.name}
        filters = (f"Key={key},Values={value}" for key, value in tags.items())
        query = ("--query", "ResourceTagMappingList[].ResourceARN", "--output", "text")
        get = self._site.aws("resourcegroupstaggingapi", "get-resources", "--tag-filters", *filters, *query)
        found = self._commands.ask(*get, example="")
        for arn in sorted(found.split()):
            say(f"  {arn}")
        if self._site.settings.protected:
            kept = ", ".join(self._site.stack(which) for which in KEPT)
            types = ", ".join(KEPT_TYPES.values())
            say(f"  kept on purpose: {kept}, the snapshot; of the other stacks {types}")


if __name__ == "__main__":
    console.run(main)
