"""Manifests on their way into the cluster: applied in their order, waited for, and cleared of what has left them."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from cdk.names import PRODUCT
from tools.console import Failure
from tools.site import Site

PROBE = "probe"  # the CronJob
BEFORE, _WAY_IN, _AFTER = "migrate-pre", "edge", "migrate-post"
_APPLY = ("apply", "--server-side", "--force-conflicts", "--field-manager", PRODUCT)
_ROLLOUT = "15m"
_LOOK_SECONDS = 5.0
_KNOWN_SECONDS = 300.0  # the controller tries again after a fault, each time later
_PROBES = 5  # a name that is new takes a minute or two until everybody finds it
_JOB_SECONDS = 1900.0  # a little more than a migration is given by its own manifest
# All that our charts make in the namespace, but Jobs, which go by themselves.
PRUNED = (
    "alertmanagerconfigs.monitoring.coreos.com",
    "configmaps",
    "cronjobs.batch",
    "deployments.apps",
    "externalsecrets.external-secrets.io",
    "horizontalpodautoscalers.autoscaling",
    "ingresses.networking.k8s.io",
    "networkpolicies.networking.k8s.io",
    "poddisruptionbudgets.policy",
    "podmonitors.monitoring.coreos.com",
    "prometheusrules.monitoring.coreos.com",
    "rolebindings.rbac.authorization.k8s.io",
    "serviceaccounts",
    "services",
)


class Manifests:
    """Those of one environment, in a folder where the files' names are their order."""

    def __init__(self, site: Site, folder: Path) -> None:
        self._site = site
        self._commands = site.commands
        self._folder = folder

    def widen(self) -> None:
        """What all else stands on, and the schema that old and new pods both work with."""
        self._migrate(BEFORE, self._files[: self._place(BEFORE) + 1])

    def open_way(self) -> None:
        """Services and the Ingress, until the load balancer has an address and knows every Service.

        Only pods that are made after that wait to be found well: on others the controller puts no gate.
        """
        self._apply(self._files[self._place(BEFORE) + 1 : self._place(_WAY_IN) + 1])
        address = "--for=jsonpath={.status.loadBalancer.ingress[0].hostname}"
        self._commands.run(*self._site.kubectl("wait", f"ingress/{PRODUCT}", address, "--timeout", _ROLLOUT))
        self._wait_until_known()

    def roll_out(self) -> None:
        """Everything else, until each Deployment has only new pods, which the load balancer has found well."""
        self._apply(self._files[self._place(_WAY_IN) + 1 : self._place(_AFTER)])
        for name in self._named("Deployment"):
            self._commands.run(*self._site.kubectl("rollout", "status", f"deployment/{name}", "--timeout", _ROLLOUT))

    def narrow(self) -> None:
        """Take away what the old pods alone needed of the schema."""
        self._migrate(_AFTER, self._files[self._place(_AFTER) :])

    def prune(self) -> None:
        """Delete what an earlier deployment applied and this one does not know."""
        mine = ("--selector", "app.kubernetes.io/managed-by=cdk8s", "--output", "name")
        present = self._commands.ask(*self._site.kubectl("get", ",".join(PRUNED), *mine), example="").split()
        wanted = {_resource(body) for bodies in self._bodies.values() for body in bodies}
        left = [name for name in present if name not in wanted]
        if left:
            self._commands.run(*self._site.kubectl("delete", *left))

    def probe(self) -> None:
        """Buy a ticket and give it back as the probe does each minute. Failure when no try of a few goes well."""
        for number in range(1, _PROBES + 1):
            job = f"{PROBE}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{number}"
            self._commands.run(*self._site.kubectl("create", "job", job, f"--from=cronjob/{PROBE}"))
            if self._succeeds(job):
                return
        raise Failure(f"the probe cannot buy a ticket at {self._site.settings.public_url}: see its log above")

    @cached_property
    def _files(self) -> list[Path]:
        """In a dry run those of the last `make synth`; when there are none, only what they would be called."""
        unknown = [self._folder / f"CHARTS-{name}.k8s.yaml" for name in ("before", BEFORE, _WAY_IN, "between", _AFTER)]
        return sorted(self._folder.glob("*.k8s.yaml")) or unknown

    @cached_property
    def _bodies(self) -> dict[Path, list[dict[str, Any]]]:
        """The objects of each file."""
        return {path: _read(path) for path in self._files if path.exists()}

    def _place(self, chart: str) -> int:
        return next(place for place, path in enumerate(self._files) if path.name.endswith(f"-{chart}.k8s.yaml"))

    def _apply(self, files: Sequence[Path]) -> None:
        named = [part for path in files for part in ("--filename", path)]
        self._commands.run(*self._site.kubectl(*_APPLY, *named))

    def _wait_until_known(self) -> None:
        """Until each Service that customers are sent to is bound to a target group."""
        wanted = self._reached()
        names = ("--output", "jsonpath={.items[*].spec.serviceRef.name}")
        bound = self._site.kubectl("get", "targetgroupbindings.elbv2.k8s.aws", *names)
        give_up = time.monotonic() + _KNOWN_SECONDS
        while missing := wanted.difference(self._commands.ask(*bound, example=" ".join(wanted)).split()):
            if time.monotonic() > give_up:
                self._commands.run(*self._site.kubectl("describe", f"ingress/{PRODUCT}"))
                unknown = ", ".join(sorted(missing))
                raise Failure(f"the load balancer does not get to know {unknown}: see above what its controller says")
            time.sleep(_LOOK_SECONDS)

    def _reached(self) -> set[str]:
        """Names of the Services behind the Ingress."""
        rules = [rule for body in self._of("Ingress") for rule in body["spec"]["rules"]]
        return {str(path["backend"]["service"]["name"]) for rule in rules for path in rule["http"]["paths"]}

    def _migrate(self, chart: str, files: Sequence[Path]) -> None:
        """Apply the files, and wait for the chart's Job. One that failed before would keep its name, so it goes."""
        jobs = self._named("Job", chart)
        for name in jobs:
            if "Failed" in self._state(name, example=""):
                self._commands.run(*self._site.kubectl("delete", f"job/{name}"))
        self._apply(files)
        for name in jobs:
            if not self._succeeds(name):
                raise Failure(f"job {name} failed, see above: the pods that run go on; mend it and deploy again")

    def _succeeds(self, job: str) -> bool:
        """Wait until it is done; when it fails, show its last words."""
        give_up = time.monotonic() + _JOB_SECONDS
        while "Complete" not in (state := self._state(job, example="Complete")):
            if "Failed" in state or time.monotonic() > give_up:
                self._commands.run(*self._site.kubectl("logs", f"job/{job}", "--tail", "50"))
                return False
            time.sleep(_LOOK_SECONDS)
        return True

    def _state(self, job: str, example: str) -> str:
        """Its conditions that hold; nothing while it runs, or while there is none."""
        state = 'jsonpath={.status.conditions[?(@.status=="True")].type}'
        get = ("get", f"job/{job}", "--ignore-not-found", "--output", state)
        return self._commands.ask(*self._site.kubectl(*get), example=example)

    def _named(self, kind: str, chart: str = "") -> list[str]:
        """Names of the objects of a kind, of one chart or all."""
        return [str(body["metadata"]["name"]) for body in self._of(kind, chart)]

    def _of(self, kind: str, chart: str = "") -> list[dict[str, Any]]:
        found = (bodies for path, bodies in self._bodies.items() if path.name.endswith(f"{chart}.k8s.yaml"))
        return [body for bodies in found for body in bodies if body["kind"] == kind]


def _read(path: Path) -> list[dict[str, Any]]:
    """Each object, with every value as text, whatever it looks like."""
    return list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader))


def _resource(body: dict[str, Any]) -> str:
    """As kubectl names it: kind.group/name."""
    group, _, version = body["apiVersion"].rpartition("/")
    kind = str(body["kind"]).lower()
    return f"{kind}.{group}/{body['metadata']['name']}" if group and version else f"{kind}/{body['metadata']['name']}"
