"""Names and labels, so that what belongs together finds each other."""

from __future__ import annotations

from collections.abc import Mapping

from cdk8s_plus_36 import k8s

from cdk import names
from ticketing.inputs import Inputs

NAME = "app.kubernetes.io/name"
PART_OF = "app.kubernetes.io/part-of"
KUBERNETES_NAME = "kubernetes.io/metadata.name"  # a label that every namespace has by itself


def selector(name: str) -> dict[str, str]:
    """What the pods of one workload wear, for ever: a Deployment's selector cannot be changed."""
    return {NAME: name, PART_OF: names.PRODUCT}


def labels(name: str, component: str = "") -> dict[str, str]:
    """component: what it is for, when several workloads are for one thing."""
    return {
        **selector(name),
        "app.kubernetes.io/managed-by": "cdk8s",
        **({"app.kubernetes.io/component": component} if component else {}),
    }


def metadata(
    inputs: Inputs,
    name: str,
    *,
    component: str = "",
    more: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> k8s.ObjectMeta:
    """Of an object in the environment's namespace. more: further labels."""
    return k8s.ObjectMeta(
        name=name,
        namespace=inputs.namespace,
        labels={**labels(name, component), **(more or {})},
        annotations=annotations,
    )
