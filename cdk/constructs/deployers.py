"""What a pipeline may do in the cluster beyond editing its own namespaces."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from cdk import names

_APPLY = ["create", "get", "list", "patch", "update", "watch"]
# The application's manifests hold these, and the policy that AWS offers for editing knows none of them.
_CUSTOM = {
    "external-secrets.io": ["externalsecrets", "secretstores"],
    "monitoring.coreos.com": ["alertmanagerconfigs", "podmonitors", "probes", "prometheusrules", "servicemonitors"],
    "elbv2.k8s.aws": ["targetgroupbindings"],
}
_OF_THE_CLUSTER = {"": ["namespaces"], "scheduling.k8s.io": ["priorityclasses"]}


def deployers(scope: Construct, construct_id: str, *, cluster: eks.ICluster) -> eks.KubernetesManifest:
    """A group that may apply namespaces, priority classes and the custom resources of the application."""
    rules = [{"apiGroups": [group], "resources": kinds, "verbs": _APPLY} for group, kinds in _OF_THE_CLUSTER.items()]
    rules += [
        {"apiGroups": [group], "resources": kinds, "verbs": [*_APPLY, "delete"]} for group, kinds in _CUSTOM.items()
    ]
    role: dict[str, Any] = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": names.DEPLOYERS},
        "rules": rules,
    }
    binding: dict[str, Any] = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": names.DEPLOYERS},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": names.DEPLOYERS},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": names.DEPLOYERS}],
    }
    return eks.KubernetesManifest(scope, construct_id, cluster=cluster, manifest=[role, binding])
