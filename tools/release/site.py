"""An environment as deploying and destroying see it: its settings, who asks, its cluster, and its stacks."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cdk import names
from cdk.settings import Environment
from tools import environments
from tools.commands import Commands
from tools.console import Failure, say, step
from tools.setup import ROOT
from tools.setup import environment as with_our_programs

Command = tuple[str | Path, ...]
Step = tuple[str, Callable[[], None]]  # what it is about, and what it does
_COMMIT = "0" * 40  # for showing
_SOMEBODY = "arn:aws:sts::{account}:assumed-role/somebody/you"


@dataclass(frozen=True)
class Site:
    """One environment, and the programs that reach it."""

    settings: Environment
    commands: Commands

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def namespace(self) -> str:
        return names.namespace(self.name)

    @property
    def where(self) -> Command:
        """Arguments of every `aws`."""
        return ("--region", self.settings.region)

    @property
    def outputs(self) -> Path:
        """What the stacks answer: {stack: {key: value}}."""
        return ROOT / "cdk.out" / f"{self.name}.outputs.json"

    def follow(self, steps: Sequence[Step]) -> None:
        """Take them one after the other; the first that fails ends it."""
        for number, (title, part) in enumerate(steps, 1):
            step(f"{self.name} {number}/{len(steps)}: {title}")
            part()

    def stack(self, which: names.Stack) -> str:
        return names.stack(self.name, which)

    def aws(self, *arguments: str) -> Command:
        return ("aws", *arguments, *self.where)

    def cdk(self, verb: str, *arguments: str | Path) -> Command:
        """With the templates where `make synth` puts them."""
        output = ROOT / "cdk.out" / self.name
        return ("cdk", verb, "--context", f"env={self.name}", "--output", output, *arguments)

    def kubectl(self, *arguments: str | Path, namespace: str = "") -> Command:
        """In the application's namespace unless another one is named."""
        config = ROOT / "build" / f"kubeconfig-{self.name}"
        return ("kubectl", "--kubeconfig", config, "--namespace", namespace or self.namespace, *arguments)

    def commit(self) -> str:
        """What this checkout is. Failure when it has changes that no commit has."""
        if self.commands.ask("git", "status", "--porcelain", example=""):
            raise Failure("there are changes that no commit has: an image is known by its commit, so commit them first")
        return self.commands.ask("git", "rev-parse", "HEAD", example=_COMMIT)

    def caller(self) -> str:
        """The ARN of whoever runs this. Failure when it belongs to another account."""
        example = _SOMEBODY.format(account=self.settings.account)
        arn = self.commands.ask(
            "aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text", example=example
        )
        if arn.split(":")[4:5] != [self.settings.account]:
            raise Failure(f"you are {arn}, and {self.name} is in account {self.settings.account}: log in there")
        return arn

    def is_pipeline(self, caller: str) -> bool:
        """Whether it is a role of the pipelines, which is let into the cluster by itself and never bootstraps."""
        return f":assumed-role/{self.stack(names.Stack.DELIVERY)}" in caller

    def has_cluster(self) -> bool:
        describe = self.aws("eks", "describe-cluster", "--name", names.cluster(self.name), "--query", "cluster.status")
        return self.commands.find(*describe, absent="ResourceNotFoundException", example="ACTIVE") is not None

    def reach_cluster(self, caller: str) -> None:
        """Write a kubeconfig of our own; people come as the cluster's administrator."""
        role = f"arn:aws:iam::{self.settings.account}:role/{names.administrator(self.name)}"
        config = ROOT / "build" / f"kubeconfig-{self.name}"
        config.parent.mkdir(exist_ok=True)
        self.commands.run(
            *self.aws("eks", "update-kubeconfig", "--name", names.cluster(self.name), "--kubeconfig", str(config)),
            *(() if self.is_pipeline(caller) else ("--role-arn", role)),
        )


def programs() -> dict[str, str]:
    """The environment variables of every program: ours first on PATH, and none that waits for a key."""
    return {**with_our_programs(), "AWS_PAGER": ""}


def chosen(commands: Commands, variables: Mapping[str, str] = os.environ) -> Site:
    """The environment of ENV=. Failure when there is none, when it holds examples, or prod lacks its confirmation."""
    settings = environments.chosen(variables, dry_run=commands.dry_run)
    if commands.dry_run:
        say("dry run: every command is shown and none is run")
    return Site(settings, commands)
