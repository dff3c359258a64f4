"""What a pipeline may do in the cluster beyond editing the application's namespace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_eks_v2 as eks
from constructs import Construct, IDependable

from cdk import names

_RBAC = "rbac.authorization.k8s.io"
_APPLY = ["create", "get", "list", "patch", "update", "watch"]
# The application's manifests hold these, and the policy that AWS offers for editing knows none of them. Where secrets
# come from is the platform's: with a store of their own deployers would read with the operator's permissions.
_CUSTOM = {
    "external-secrets.io": ["externalsecrets"],
    "monitoring.coreos.com": ["alertmanagerconfigs", "podmonitors", "probes", "prometheusrules", "servicemonitors"],
    "elbv2.k8s.aws": ["targetgroupbindings"],
}


def deployers(
    scope: Construct, construct_id: str, *, cluster: eks.ICluster, namespace: str, after: IDependable
) -> eks.KubernetesManifest:
    """A group that may apply the application's custom resources and priority classes, and ask Prometheus.

    Both namespaces are there already, as nobody can be let make namespaces of one name alone. Nobody can give away what
    they may not do themselves, so the one role that a pod of the application has in the cluster is made here, and the
    group may hand out that one alone. after: what makes the namespaces.
    """
    manifest = [
        *_given(_rules_of_the_cluster(namespace)),
        *_given(_rules_of_the_application(), namespace),
        *_given(_rules_of_the_gate(), names.MONITORING),
        _prescaler(),
    ]
    made = eks.KubernetesManifest(scope, construct_id, cluster=cluster, manifest=manifest)
    made.node.add_dependency(after)
    return made


def _rules_of_the_cluster(namespace: str) -> list[dict[str, Any]]:
    return [
        {
            "apiGroups": [""],
            "resources": ["namespaces"],
            "verbs": ["get", "patch", "update"],
            "resourceNames": [namespace],
        },
        {"apiGroups": ["scheduling.k8s.io"], "resources": ["priorityclasses"], "verbs": _APPLY},
    ]


def _rules_of_the_application() -> list[dict[str, Any]]:
    every = [*_APPLY, "delete"]
    return [
        *({"apiGroups": [group], "resources": kinds, "verbs": every} for group, kinds in _CUSTOM.items()),
        {"apiGroups": [_RBAC], "resources": ["rolebindings"], "verbs": every},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", "get", "update"]},
        {"apiGroups": [_RBAC], "resources": ["clusterroles"], "verbs": ["bind"], "resourceNames": [names.PRESCALER]},
    ]


def _rules_of_the_gate() -> list[dict[str, Any]]:
    """What `kubectl port-forward service/…` asks for."""
    return [
        {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["create"]},
    ]


def _given(rules: Sequence[dict[str, Any]], namespace: str = "") -> list[dict[str, Any]]:
    """A role with these rules and the group's binding to it: in the namespace, or of the cluster."""
    metadata = {"name": names.DEPLOYERS} | ({"namespace": namespace} if namespace else {})
    role = "Role" if namespace else "ClusterRole"
    return [
        {"apiVersion": f"{_RBAC}/v1", "kind": role, "metadata": metadata, "rules": list(rules)},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": f"{role}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": role, "name": names.DEPLOYERS},
            "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": names.DEPLOYERS}],
        },
    ]


def _prescaler() -> dict[str, Any]:
    """Bound inside the application's namespace only, by its own manifests."""
    rule = {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["get", "patch"]}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": names.PRESCALER},
        "rules": [rule],
    }
