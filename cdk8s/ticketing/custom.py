"""Custom resources that we use, each as little as we need of it; their real schemas check what comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cdk8s import ApiObject, JsonPatch
from constructs import Construct

from cdk import names
from ticketing.inputs import Inputs
from ticketing.labels import labels, selector


def external_secret(
    scope: Construct,
    inputs: Inputs,
    name: str,
    *,
    source: str,
    properties: Sequence[str],
    template: Mapping[str, str] | None = None,
    refresh: str = "1h",
) -> ApiObject:
    """A Kubernetes secret that follows one of Secrets Manager.

    source: its name or ARN. properties: of its JSON object. template: what to make of them; else they are taken as
    they are.
    """
    target: dict[str, Any] = {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"}
    if template:
        target["template"] = {"engineVersion": "v2", "mergePolicy": "Replace", "data": dict(template)}
    return _resource(
        scope,
        inputs,
        "external-secrets.io/v1",
        "ExternalSecret",
        name=name,
        spec={
            "refreshInterval": refresh,
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": names.SECRET_STORE},
            "target": target,
            "data": [{"secretKey": each, "remoteRef": {"key": source, "property": each}} for each in properties],
        },
    )


def pod_monitor(scope: Construct, inputs: Inputs, name: str, *, port: str, interval: str) -> ApiObject:
    """Prometheus asks each pod by itself, at a port that no Service has."""
    return _resource(
        scope,
        inputs,
        "monitoring.coreos.com/v1",
        "PodMonitor",
        name=name,
        spec={
            "selector": {"matchLabels": selector(name)},
            "podMetricsEndpoints": [{"port": port, "path": "/metrics", "interval": interval, "scrapeTimeout": "10s"}],
        },
    )


def prometheus_rule(scope: Construct, inputs: Inputs, name: str, document: Mapping[str, Any]) -> ApiObject:
    """document: a rules file's content."""
    return _resource(scope, inputs, "monitoring.coreos.com/v1", "PrometheusRule", name=name, spec=dict(document))


def alertmanager_config(
    scope: Construct,
    inputs: Inputs,
    name: str,
    *,
    route: Mapping[str, Any],
    receivers: Sequence[Mapping[str, Any]],
    inhibit_rules: Sequence[Mapping[str, Any]],
) -> ApiObject:
    return _resource(
        scope,
        inputs,
        "monitoring.coreos.com/v1alpha1",
        "AlertmanagerConfig",
        name=name,
        spec={"route": dict(route), "receivers": list(receivers), "inhibitRules": list(inhibit_rules)},
    )


def _resource(
    scope: Construct, inputs: Inputs, version: str, kind: str, *, name: str, spec: Mapping[str, Any]
) -> ApiObject:
    made = ApiObject(
        scope,
        f"{kind}-{name}",
        api_version=version,
        kind=kind,
        metadata={"name": name, "namespace": inputs.namespace, "labels": labels(name)},
    )
    made.add_json_patch(JsonPatch.add("/spec", dict(spec)))
    return made
