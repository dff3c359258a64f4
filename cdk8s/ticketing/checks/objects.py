"""Manifests as they were written, to be looked through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Body = Mapping[str, Any]


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, and knows that a lone = is a text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as its base
        made = super().construct_mapping(node, deep=deep)
        if len(made) != len(node.value):
            raise yaml.constructor.ConstructorError(None, None, "a key is there twice", node.start_mark)
        return made


def _text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:value", _text)


@dataclass(frozen=True, slots=True)
class Pod:
    """A template of pods, and the object that it belongs to."""

    owner: Body
    template: Body

    def __str__(self) -> str:
        return called(self.owner)

    @property
    def spec(self) -> Body:
        spec: Body = self.template["spec"]
        return spec

    @property
    def labels(self) -> Mapping[str, str]:
        labels: Mapping[str, str] = self.template["metadata"]["labels"]
        return labels

    @property
    def containers(self) -> list[Body]:
        return [*self.spec["containers"], *self.spec.get("initContainers", [])]

    @property
    def ports(self) -> dict[str, int]:
        return {port["name"]: port["containerPort"] for each in self.containers for port in each.get("ports", [])}

    def is_selected_by(self, labels: Mapping[str, str]) -> bool:
        return labels.items() <= self.labels.items()


class Objects:
    """All of them, in the order of the files."""

    def __init__(self, bodies: list[Body]) -> None:
        self.bodies = bodies

    @classmethod
    def read(cls, folder: Path) -> Objects:
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.k8s.yaml"))]
        return cls([body for text in texts for body in yaml.load_all(text, _Loader) if body])

    def of(self, *kinds: str) -> list[Body]:
        return [body for body in self.bodies if body["kind"] in kinds]

    def names(self, kind: str) -> set[str]:
        return {body["metadata"]["name"] for body in self.of(kind)}

    def one(self, kind: str, name: str) -> Body:
        """KeyError when it is not there."""
        for body in self.of(kind):
            if body["metadata"]["name"] == name:
                return body
        raise KeyError(f"{kind} {name}")

    @property
    def pods(self) -> list[Pod]:
        return [Pod(body, template) for body in self.bodies for template in _templates(body)]

    def selected(self, labels: Mapping[str, str]) -> list[Pod]:
        return [pod for pod in self.pods if pod.is_selected_by(labels)]


def called(body: Body) -> str:
    return f"{body['kind']} {body['metadata']['name']}"


def _templates(body: Body) -> Iterator[Body]:
    if body["kind"] in {"Deployment", "Job"}:
        yield body["spec"]["template"]
    if body["kind"] == "CronJob":
        yield body["spec"]["jobTemplate"]["spec"]["template"]
