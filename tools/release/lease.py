"""Keeps two apart who would change one environment: a Lease in its cluster, taken before and given back after.

It names who holds it and since when. Whoever ends without giving it back holds it for as long as any deployment may
take, or until somebody says TAKE_OVER= with that very name.
"""

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tools import synth
from tools.console import Failure, say
from tools.release.site import Site

NAME = "release"  # of the Lease
LASTS = timedelta(hours=3)  # the longest job: no keys of a pipeline last longer
_WRITTEN = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True)
class _Found:
    """What the cluster has. version: of the object, by which Kubernetes refuses to replace what has changed since."""

    holder: str
    since: datetime
    until: datetime
    version: str


class Lease:
    """That of one environment, for one run. variables: TAKE_OVER, and what GitHub says of its jobs."""

    def __init__(self, site: Site, variables: Mapping[str, str]) -> None:
        self._site = site
        self._variables = variables
        self._version = ""

    def take(self, caller: str) -> None:
        """Failure in one line when somebody else holds it. Where the namespace is still to be made, nothing is held.

        Two who ask at once both find it free; the cluster lets one of them write.
        """
        if self._version:
            return
        me = _me(caller, self._variables)
        found = self._find()
        if found and found.holder not in ("", me, self._variables.get("TAKE_OVER")):
            _refuse_unless_over(self._site, found)
        self._version = self._write("replace" if found else "create", me, found.version if found else "")

    def give_back(self) -> None:
        """Where it was taken. It hides no failure that came before: what cannot be given back ends by itself."""
        version, self._version = self._version, ""
        if not version:
            return
        try:
            self._write("replace", "", version)
        except Failure:
            say("  the lease was not given back: it ends by itself, or somebody has taken it over")

    def forget(self) -> None:
        """It has gone with its namespace."""
        self._version = ""

    def _find(self) -> _Found | None:
        get = ("get", f"lease/{NAME}", "--ignore-not-found", "--output", "json")
        text = self._site.commands.ask(*self._site.kubectl(*get), example="")
        return _read(json.loads(text)) if text else None

    def _write(self, verb: str, holder: str, version: str) -> str:
        """The version that it has then; nothing where there is no namespace. version: what it replaces."""
        path = synth.MANIFESTS / f"{self._site.name}.lease.json"
        if not self._site.commands.dry_run:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(_body(holder, version, datetime.now(UTC))), encoding="utf-8")
        command = self._site.kubectl(verb, "--filename", path, "--output", "jsonpath={.metadata.resourceVersion}")
        absent = f'namespaces "{self._site.namespace}" not found'
        return self._site.commands.find(*command, absent=absent, example="1") or ""


def _me(caller: str, variables: Mapping[str, str]) -> str:
    """A run of GitHub's by its address, so that all its steps are one; of a person the process too.

    caller: an ARN.
    """
    if run := variables.get("GITHUB_RUN_ID", ""):
        return f"{variables['GITHUB_SERVER_URL']}/{variables['GITHUB_REPOSITORY']}/actions/runs/{run}"
    return f"{caller.partition('/')[2]} on {socket.gethostname()}, process {os.getpid()}"


def _refuse_unless_over(site: Site, found: _Found) -> None:
    """By this machine's clock: minutes that it is wrong by do not matter to hours."""
    if datetime.now(UTC) < found.until:
        raise Failure(
            f"{site.name} is being changed by {found.holder}, since {found.since:%H:%M} UTC: wait for its end, at "
            f"{found.until:%H:%M} at the latest; if it is dead for certain, say TAKE_OVER='{found.holder}'"
        )


def _read(body: Mapping[str, Any]) -> _Found:
    spec = body["spec"]
    since = datetime.fromisoformat(spec["acquireTime"])
    lasts = timedelta(seconds=spec["leaseDurationSeconds"])
    return _Found(spec.get("holderIdentity", ""), since, since + lasts, body["metadata"]["resourceVersion"])


def _body(holder: str, version: str, now: datetime) -> dict[str, Any]:
    """With the version that it replaces, or none where it is new."""
    given = {"resourceVersion": version} if version else {}
    spec = {
        "holderIdentity": holder,
        "acquireTime": now.strftime(_WRITTEN),
        "renewTime": now.strftime(_WRITTEN),
        "leaseDurationSeconds": int(LASTS.total_seconds()),
    }
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": NAME, **given}, "spec": spec}
