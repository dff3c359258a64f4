"""Prometheus, Alertmanager and Grafana."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from aws_cdk import aws_eks_v2 as eks
from constructs import Construct, IDependable

from cdk import names
from cdk.constructs.charts import PROMETHEUS, install
from cdk.settings.environment import MonitoringSettings

_RBAC = "rbac.authorization.k8s.io"


class Monitoring(Construct):
    """kube-prometheus-stack, which takes rules, targets and dashboards from the namespaces named here."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: eks.ICluster,
        settings: MonitoringSettings,
        namespaces: Sequence[str],
        password: str,
        after: IDependable,
    ) -> None:
        super().__init__(scope, construct_id)
        ground = [*map(_namespace, namespaces), _priority(), *_grafana_looks(namespaces), _grafana_login(password)]
        login = eks.KubernetesManifest(self, "Login", cluster=cluster, manifest=ground)
        login.node.add_dependency(after)
        self.chart = install(
            self,
            PROMETHEUS,
            cluster=cluster,
            namespace=names.MONITORING,
            values=_values(settings, namespaces),
            after=login,
        )


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _priority() -> dict[str, Any]:
    """Below what customers wait for, above all that can wait: who sells must be seen to."""
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": names.MONITORING_PRIORITY},
        "value": 50_000,
        "globalDefault": False,
        "description": "What watches the shop",
    }


def _grafana_looks(namespaces: Sequence[str]) -> Iterator[dict[str, Any]]:
    """ConfigMaps, in which dashboards are. The role that the chart would make reads every secret of the cluster too."""
    rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}
    for namespace in namespaces:
        metadata = {"name": names.GRAFANA, "namespace": namespace}
        yield {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]}
        yield {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": names.GRAFANA},
            "subjects": [{"kind": "ServiceAccount", "name": names.GRAFANA, "namespace": names.MONITORING}],
        }


def _grafana_login(secret: str) -> dict[str, Any]:
    """Grafana reads user and password from a Kubernetes secret that follows the one in Secrets Manager."""
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": names.GRAFANA_SECRET, "namespace": names.MONITORING},
        "spec": {
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": names.SECRET_STORE},
            "target": {"name": names.GRAFANA_SECRET},
            "dataFrom": [{"extract": {"key": secret}}],
        },
    }


def _values(settings: MonitoringSettings, namespaces: Sequence[str]) -> dict[str, Any]:
    return {
        "fullnameOverride": names.MONITORING,
        "prometheus": {"prometheusSpec": _prometheus(settings, namespaces)},
        "alertmanager": {"alertmanagerSpec": _alertmanager(settings, namespaces)},
        "grafana": _grafana(namespaces),
        "prometheusOperator": {
            "priorityClassName": names.MONITORING_PRIORITY,
            "resources": _resources("50m", "256Mi"),
        },
        "kube-state-metrics": {
            "priorityClassName": names.MONITORING_PRIORITY,
            "resources": _resources("20m", "256Mi"),
        },
        "prometheus-node-exporter": {"resources": _resources("20m", "64Mi")},
        # AWS runs these out of our reach, so their targets would always be down.
        "kubeControllerManager": {"enabled": False},
        "kubeScheduler": {"enabled": False},
        "kubeEtcd": {"enabled": False},
        "kubeProxy": {"enabled": False},
    }


def _prometheus(settings: MonitoringSettings, namespaces: Sequence[str]) -> dict[str, Any]:
    """Each in a zone of its own, reading everything in these namespaces, and of the cluster what it tells of itself."""
    ours = _in_one_of(namespaces)
    watched = _in_one_of([*namespaces, names.KUBE_SYSTEM, names.SECRETS_NAMESPACE])
    return {
        **_in_zones(settings.replicas),
        "resources": _resources("250m", "2Gi"),
        "retention": f"{settings.retention_days}d",
        # A full volume stops Prometheus, so it forgets a little before.
        "retentionSize": f"{settings.storage * 85 // 100}GB",
        "storageSpec": {"volumeClaimTemplate": {"spec": _volume(settings.storage)}},
        # Everything in these namespaces, whatever release label it wears.
        "ruleSelectorNilUsesHelmValues": False,
        "ruleNamespaceSelector": ours,
        "serviceMonitorSelectorNilUsesHelmValues": False,
        "serviceMonitorNamespaceSelector": watched,
        "podMonitorSelectorNilUsesHelmValues": False,
        "podMonitorNamespaceSelector": watched,
        "probeSelectorNilUsesHelmValues": False,
        "probeNamespaceSelector": ours,
    }


def _alertmanager(settings: MonitoringSettings, namespaces: Sequence[str]) -> dict[str, Any]:
    """As many as there are of Prometheus. The operator joins them, so each knows of silences and of what was told."""
    return {
        **_in_zones(settings.replicas),
        "resources": _resources("20m", "128Mi"),
        "storage": {"volumeClaimTemplate": {"spec": _volume(2)}},
        "alertmanagerConfigNamespaceSelector": _in_one_of(namespaces),
        # Alerts of journeys wear no namespace label of the namespace that routes them.
        "alertmanagerConfigMatcherStrategy": {"type": "None"},
    }


def _grafana(namespaces: Sequence[str]) -> dict[str, Any]:
    """For people who log in by the secret, with rights of its own: those that the chart would make reach further."""
    return {
        "fullnameOverride": names.GRAFANA,
        "priorityClassName": names.MONITORING_PRIORITY,
        "resources": _resources("50m", "512Mi"),
        "admin": {"existingSecret": names.GRAFANA_SECRET, "userKey": "username", "passwordKey": "password"},
        "grafana.ini": {
            "auth.anonymous": {"enabled": False},
            "users": {"allow_sign_up": False},
            "analytics": {"reporting_enabled": False, "check_for_updates": False},
        },
        "rbac": {"create": False, "namespaced": True},
        "serviceAccount": {"create": True, "name": names.GRAFANA},
        # Both would ask for secrets as well, which they may not have.
        "sidecar": {
            "dashboards": {
                "enabled": True,
                "label": "grafana_dashboard",
                "resource": "configmap",
                "searchNamespace": list(namespaces),
            },
            "datasources": {"resource": "configmap"},
            "resources": _resources("10m", "192Mi"),
        },
    }


def _in_zones(replicas: int) -> dict[str, Any]:
    """A volume stays in its zone, so two in one zone would be lost with it."""
    return {
        "replicas": replicas,
        "podAntiAffinity": "hard",
        "podAntiAffinityTopologyKey": "topology.kubernetes.io/zone",
        "priorityClassName": names.MONITORING_PRIORITY,
    }


def _resources(cpu: str, memory: str) -> dict[str, Any]:
    """Memory is what there is; a limit on the processor would slow down the very moments that are worth watching."""
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": memory}}


def _in_one_of(namespaces: Sequence[str]) -> dict[str, Any]:
    """A selector of namespaces by their names."""
    return {
        "matchExpressions": [
            {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(namespaces)},
        ]
    }


def _volume(size: int) -> dict[str, Any]:
    return {
        "storageClassName": names.STORAGE_CLASS,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{size}Gi"}},
    }
