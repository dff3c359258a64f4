"""What has been released: each release's manifests, kept in the cluster beside what they made, to go back to.

A release is a ConfigMap named after its commit. Nothing of it needs git, an account's outputs or a build, so what one
goes back to is to the letter what ran and sold.
"""

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from cdk.names import PRODUCT
from tools.console import Failure
from tools.release.site import Site

KEPT = 10
_CHOSEN = "app.kubernetes.io/component=release"
_ARN = re.compile(r"arn:aws:[^\s\"',]+")
_PACKED = "manifests.json.gz"  # {file name: its text}


@dataclass(frozen=True)
class Release:
    """at: when it was found to sell, ISO 8601 in UTC. manifests: {file name: its text}."""

    commit: str
    at: str
    manifests: Mapping[str, str]

    @property
    def images(self) -> set[str]:
        """Of its Deployments."""
        pods = [body["spec"]["template"]["spec"] for body in self._of("Deployment")]
        return {str(container["image"]) for pod in pods for container in pod["containers"]}

    @property
    def arns(self) -> set[str]:
        """Of what the stacks had made when it was deployed."""
        return set(_ARN.findall("\n".join(self.manifests.values())))

    def unpack(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.k8s.yaml"):
            old.unlink()
        for name, text in self.manifests.items():
            (folder / name).write_text(text, encoding="utf-8")

    def _of(self, kind: str) -> list[dict[str, Any]]:
        bodies = (body for text in self.manifests.values() for body in yaml.load_all(text, Loader=yaml.CSafeLoader))
        return [body for body in bodies if body["kind"] == kind]


class Releases:
    """Those of one environment."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._commands = site.commands

    def record(self, commit: str, folder: Path) -> None:
        """Keep what was just found to sell, and forget what is too long ago."""
        manifests = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.k8s.yaml"))}
        release = Release(commit, datetime.now(UTC).isoformat(timespec="seconds"), manifests)
        path = folder.with_suffix(".release.json")
        if not self._commands.dry_run:
            path.write_text(json.dumps(_config_map(release)))
        # Server-side: the other way would keep the whole of it a second time, in an annotation.
        apply = ("apply", "--server-side", "--force-conflicts", "--field-manager", PRODUCT, "--filename", path)
        self._commands.run(*self._site.kubectl(*apply))
        self.forget(*(each.commit for each in self.all()[KEPT:]))

    def all(self) -> list[Release]:
        """The newest first."""
        get = self._site.kubectl("get", "configmaps", "--selector", _CHOSEN, "--output", "json")
        found = json.loads(self._commands.ask(*get, example='{"items": []}') or '{"items": []}')["items"]
        return sorted(map(_release, found), key=lambda release: release.at, reverse=True)

    def images(self) -> set[str]:
        """What runs now."""
        get = self._site.kubectl(
            "get", "deployments", "--output", "jsonpath={.items[*].spec.template.spec.containers[*].image}"
        )
        return set(self._commands.ask(*get, example="").split())

    def running(self) -> str:
        """The commit of the release that runs, nothing when it is none of them."""
        images = self.images()
        return next((each.commit for each in self.all() if each.images == images), "")

    def forget(self, *commits: str) -> None:
        if commits:
            names = [_name(commit) for commit in commits]
            self._commands.run(*self._site.kubectl("delete", "configmap", *names, "--ignore-not-found"))


def chosen(releases: Sequence[Release], *, running: set[str], undo: str = "", to: str = "") -> Release:
    """The release to go back to: `to`, else the newest but `undo`, else the newest but the one that runs.

    running: images of what runs now. undo, to: commits, or how they begin. Failure when there is none.
    """
    if to:
        left = [each for each in releases if each.commit.startswith(to)]
    elif undo:
        left = [each for each in releases if not each.commit.startswith(undo)]
    else:
        left = [each for each in releases if each.images != running]
    if left:
        return left[0]
    known = ", ".join(f"{each.commit[:12]} of {each.at}" for each in releases) or "none"
    raise Failure(f"there is no such release to go back to (kept: {known}): deploy an earlier commit instead")


def replaced(release: Release, there: set[str]) -> str:
    """An ARN of the release's that is no longer there while others of its service are; nothing when there is none."""
    services = {_service(arn) for arn in there}
    return next((arn for arn in sorted(release.arns - there) if _service(arn) in services), "")


def arns(outputs: Path) -> set[str]:
    """Of what the stacks have made by now. outputs: the file of the last deployment from here."""
    return set(_ARN.findall(outputs.read_text(encoding="utf-8"))) if outputs.exists() else set()


def _service(arn: str) -> str:
    return arn.split(":")[2]


def _name(commit: str) -> str:
    return f"release-{commit[:12]}"


def _config_map(release: Release) -> dict[str, Any]:
    packed = gzip.compress(json.dumps(dict(release.manifests)).encode(), mtime=0)
    key, _, value = _CHOSEN.partition("=")
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _name(release.commit), "labels": {key: value}},
        "data": {"commit": release.commit, "at": release.at},
        "binaryData": {_PACKED: base64.b64encode(packed).decode()},
    }


def _release(found: Mapping[str, Any]) -> Release:
    manifests = json.loads(gzip.decompress(base64.b64decode(found["binaryData"][_PACKED])))
    return Release(found["data"]["commit"], found["data"]["at"], manifests)
