"""Ways around the library where its constructs or their types do not offer what CloudFormation does."""

from __future__ import annotations

from typing import TypeVar, cast

from aws_cdk import CfnResource, Stack
from aws_cdk import aws_eks_v2 as eks
from constructs import IConstruct

T = TypeVar("T")


def resource_of(construct: IConstruct) -> CfnResource:
    """The CloudFormation resource that a construct stands for."""
    return cast("CfnResource", construct.node.default_child)


def logical_id(construct: IConstruct) -> str:
    """Its name in the template."""
    return Stack.of(construct).resolve(resource_of(construct).logical_id)  # type: ignore[no-any-return]


def as_interface(cluster: eks.Cluster) -> eks.ICluster:
    """The same cluster: its Python class is declared without one optional member of the interface it implements."""
    return cast("eks.ICluster", cluster)


def present(value: T | None) -> T:
    """What the library declares as optional and always has for a construct that was made here, not imported."""
    if value is None:
        raise TypeError("a construct lacks what it is made with")
    return value
