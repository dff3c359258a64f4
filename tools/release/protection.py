"""What keeps an environment from being deleted by accident, and how it is taken off on purpose.

Of what goes, as `make destroy` says; and of stacks whose very first deployment failed, which carried nothing and have
to be deleted before they can be made again.
"""

import json
import time
from collections.abc import Iterable
from typing import Any

from cdk import names
from tools.console import Failure, say
from tools.release.site import Site

ATTRIBUTES = "alb.ingress.kubernetes.io/load-balancer-attributes"
_ON, _OFF = (f"deletion_protection.enabled={word}" for word in ("true", "false"))
_FAILED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")  # of a stack that was never complete
LOOK_SECONDS = 5.0
CARRIED_OUT_SECONDS = 300.0  # the controller tries again after a fault, each time later


class Protection:
    """That of one environment, whose cluster is reached already where its Ingresses are asked for."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._commands = site.commands

    def off_ingresses(self, balancer: str | None) -> None:
        """Until the controller has carried it out: it deletes no Ingress that asks for protection.

        It goes by the annotation, whatever the load balancer's own attribute says, and would set that again.
        balancer: the ARN of the load balancer, where one was made.
        """
        example = json.dumps({"items": [_example()] if self._site.settings.protected else []})
        found = self._commands.ask(*self._site.kubectl("get", "ingress", "--output", "json"), example=example)
        protected = {name: asked for name, asked in map(_asked, json.loads(found)["items"]) if _ON in asked}
        for name, asked in protected.items():
            wanted = f"{ATTRIBUTES}={','.join(_OFF if each == _ON else each for each in asked)}"
            self._commands.run(*self._site.kubectl("annotate", f"ingress/{name}", "--overwrite", wanted))
        if protected and balancer is not None:
            self._wait_until_off(balancer)

    def _wait_until_off(self, balancer: str) -> None:
        query = "Attributes[?Key=='deletion_protection.enabled'].Value"
        which = ("--load-balancer-arn", balancer, "--query", query, "--output", "text")
        describe = self._site.aws("elbv2", "describe-load-balancer-attributes", *which)
        give_up = time.monotonic() + CARRIED_OUT_SECONDS
        while self._commands.ask(*describe, example="false") != "false":
            if time.monotonic() > give_up:
                self._commands.run(*self._site.kubectl("describe", "ingress"))
                raise Failure(
                    "the controller leaves the load balancer protected: see above what it says, and try again"
                )
            time.sleep(LOOK_SECONDS)

    def off_stacks(self, going: Iterable[str]) -> None:
        """Of those that are there."""
        every = set(going)
        query = f"Stacks[?{self._ours}].StackName"
        for name in sorted(every.intersection(self._stacks(query, example=" ".join(sorted(every))))):
            self._off_stack(name)

    def off_failed(self) -> None:
        """Of stacks that were rolled back while they were made: the CDK deletes those first, and could not."""
        failed = " || ".join(f"StackStatus=='{status}'" for status in _FAILED)
        for name in sorted(self._stacks(f"Stacks[?{self._ours} && ({failed})].StackName", example="")):
            say(f"  {name} was never complete, so it is made anew: its protection goes")
            self._off_stack(name)
            if name == self._site.stack(names.Stack.CLUSTER):
                self.off_cluster()

    def off_cluster(self) -> None:
        """Where there is one that is protected."""
        named = ("--name", names.cluster(self._site.name))
        query = ("--query", "cluster.deletionProtection", "--output", "text")
        describe = self._site.aws("eks", "describe-cluster", *named, *query)
        if self._commands.find(*describe, absent="ResourceNotFoundException", example="True") == "True":
            off = ("--no-deletion-protection", "--query", "update.status")
            self._commands.run(*self._site.aws("eks", "update-cluster-config", *named, *off))
            self._commands.run(*self._site.aws("eks", "wait", "cluster-active", *named))

    @property
    def _ours(self) -> str:
        return f"starts_with(StackName,'{names.prefix(self._site.name)}-')"

    def _stacks(self, query: str, example: str) -> list[str]:
        describe = self._site.aws("cloudformation", "describe-stacks", "--query", query, "--output", "text")
        return self._commands.ask(*describe, example=example).split()

    def _off_stack(self, name: str) -> None:
        off = ("--no-enable-termination-protection", "--stack-name", name, "--query", "StackId")
        self._commands.run(*self._site.aws("cloudformation", "update-termination-protection", *off))


def _asked(ingress: dict[str, Any]) -> tuple[str, list[str]]:
    """Its name, and the attributes that it wants its load balancer to have."""
    metadata = ingress["metadata"]
    return str(metadata["name"]), str(metadata.get("annotations", {}).get(ATTRIBUTES, "")).split(",")


def _example() -> dict[str, Any]:
    """For showing."""
    return {"metadata": {"name": names.PRODUCT, "annotations": {ATTRIBUTES: f"…,{_ON}"}}}
