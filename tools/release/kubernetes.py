"""Manifests on their way into the cluster: applied in their order, waited for, and cleared of what has left them."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from cdk.names import PRODUCT
from tools import synth
from tools.console import Failure
from tools.release import current
from tools.release.site import Site
from tools.setup import ROOT

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
        files = self._files[self._place(_WAY_IN) + 1 : self._place(_AFTER)]
        self._apply(current.brought_up_to_date(self._site, files, self._variables_from()))
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
        return list(self._bodies)

    @cached_property
    def _bodies(self) -> dict[Path, list[dict[str, Any]]]:
        """The objects of each file. In a dry run those of the last `make synth`, or else of the committed example."""
        if self._commands.dry_run and not any(self._folder.glob("*.k8s.yaml")):
            with TemporaryDirectory(prefix="tickets-example-") as folder:
                _synthesize_example(self._site.name, Path(folder))
                return {self._folder / path.name: _read(path) for path in _manifests(Path(folder))}
        return {path: _read(path) for path in _manifests(self._folder)}

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

    def _variables_from(self) -> set[str]:
        """Names of the secrets whose values the Deployments' processes are started with."""
        pods = [body["spec"]["template"]["spec"] for body in self._of("Deployment")]
        sources = [source for pod in pods for each in pod["containers"] for source in each.get("envFrom", [])]
        return {str(source["secretRef"]["name"]) for source in sources}

    def _migrate(self, chart: str, files: Sequence[Path]) -> None:
        """Apply the files, and wait for the chart's Job. One of its name that has ended goes first.

        It has to look at the schema as it is now, which may be a later commit's, or come from a snapshot.
        """
        jobs = self._named("Job", chart)
        for name in jobs:
            if {"Complete", "Failed"} & {*self._state(name, example="Complete").split()}:
                self._commands.run(*self._site.kubectl("delete", f"job/{name}", "--wait"))
        self._apply(files)
        for name in jobs:
            if not self._succeeds(name):
                raise Failure(f"job {name} failed, see above: the pods that run go on; mend it and deploy again")

    def _succeeds(self, job: str) -> bool:
        """Wait until it is done; when it fails, show its last words."""
        give_up = time.monotonic() + _JOB_SECONDS
        while "Complete" not in (state := self._state(job, example="Complete")):
            if "Failed" in state or time.monotonic() > give_up:
                # A Job past its deadline has no pods any more, and so no log: then its description says why.
                self._commands.code(*self._site.kubectl("logs", f"job/{job}", "--tail", "50"))
                self._commands.code(*self._site.kubectl("describe", f"job/{job}"))
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


def _manifests(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.k8s.yaml"))


def _synthesize_example(name: str, folder: Path) -> None:
    """As `make synth` does without anything deployed."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), "CDK8S_OUTDIR": str(folder)}
    variables.pop("CDK_OUTPUTS", None)
    command = [sys.executable, "main.py", name]
    done = subprocess.run(command, cwd=synth.CHARTS, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"the manifests cannot be made: {done.stderr.strip()[-500:]}")


def _read(path: Path) -> list[dict[str, Any]]:
    """Each object, with every value as text, whatever it looks like."""
    return list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader))


def _resource(body: dict[str, Any]) -> str:
    """As kubectl names it: kind.group/name."""
    group, _, version = body["apiVersion"].rpartition("/")
    kind = str(body["kind"]).lower()
    return f"{kind}.{group}/{body['metadata']['name']}" if group and version else f"{kind}/{body['metadata']['name']}"
