"""What a pipeline may do in the cluster beyond editing its own namespaces."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from cdk import names

_RBAC = "rbac.authorization.k8s.io"
_APPLY = ["create", "get", "list", "patch", "update", "watch"]
# The application's manifests hold these, and the policy that AWS offers for editing knows none of them.
_CUSTOM = {
    "external-secrets.io": ["externalsecrets", "secretstores"],
    "monitoring.coreos.com": ["alertmanagerconfigs", "podmonitors", "probes", "prometheusrules", "servicemonitors"],
    "elbv2.k8s.aws": ["targetgroupbindings"],
}
_OF_THE_CLUSTER = {"": ["namespaces"], "scheduling.k8s.io": ["priorityclasses"]}


def deployers(scope: Construct, construct_id: str, *, cluster: eks.ICluster) -> eks.KubernetesManifest:
    """A group that may apply namespaces, priority classes and the custom resources of the application.

    Nobody can give away what they may not do themselves, so the one role that a pod of the application has in the
    cluster is made here, and the group may hand out that one alone.
    """
    rules = [{"apiGroups": [group], "resources": kinds, "verbs": _APPLY} for group, kinds in _OF_THE_CLUSTER.items()]
    rules += [
        {"apiGroups": [group], "resources": kinds, "verbs": [*_APPLY, "delete"]} for group, kinds in _CUSTOM.items()
    ]
    rules += [
        {"apiGroups": [_RBAC], "resources": ["rolebindings"], "verbs": [*_APPLY, "delete"]},
        {"apiGroups": [_RBAC], "resources": ["clusterroles"], "verbs": ["bind"], "resourceNames": [names.PRESCALER]},
    ]
    role: dict[str, Any] = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": names.DEPLOYERS},
        "rules": rules,
    }
    binding: dict[str, Any] = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": names.DEPLOYERS},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": names.DEPLOYERS},
        "subjects": [{"apiGroup": _RBAC, "kind": "Group", "name": names.DEPLOYERS}],
    }
    manifest = [role, binding, _prescaler()]
    return eks.KubernetesManifest(scope, construct_id, cluster=cluster, manifest=manifest)


def _prescaler() -> dict[str, Any]:
    """Bound inside the application's namespace only, by its own manifests."""
    rule = {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["get", "patch"]}
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": names.PRESCALER},
        "rules": [rule],
    }
