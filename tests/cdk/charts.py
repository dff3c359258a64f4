"""What the stack of the platform installs into the cluster: charts, their values, and manifests of our own."""

import json
from typing import Any

from tests.cdk.assembly import Resource, Template, text_of


def chart(stack: Template, name: str) -> Resource:
    return stack.only("Custom::AWSCDK-EKS-HelmChart", Chart=name)


def values(stack: Template, name: str) -> Any:
    return json.loads(text_of(chart(stack, name)["Values"]))


def manifests(stack: Template) -> list[tuple[Resource, dict[str, Any]]]:
    return [
        (resource, manifest)
        for resource in stack.all("Custom::AWSCDK-EKS-KubernetesResource")
        for manifest in json.loads(text_of(resource["Manifest"]))
    ]


def manifest(stack: Template, kind: str) -> tuple[Resource, dict[str, Any]]:
    (found,) = [(resource, body) for resource, body in manifests(stack) if body["kind"] == kind]
    return found


def everything_before(stack: Template, resource: Resource) -> set[str]:
    """Ids of all that is finished before a resource is begun."""
    by_id = {each.id: each for each in stack.all()}
    before: set[str] = set()
    open_ = [resource.id]
    while open_:
        for each in by_id[open_.pop()].waits_for:
            if each not in before:
                before.add(each)
                open_.append(each)
    return before


def rules(stack: Template, kind: str, name: str, namespace: str | None = None) -> list[dict[str, Any]]:
    """Of a role by its name, in a namespace or of the cluster."""
    (found,) = [
        body["rules"]
        for _, body in manifests(stack)
        if (body["kind"], body["metadata"]["name"], body["metadata"].get("namespace")) == (kind, name, namespace)
    ]
    return list(found)
