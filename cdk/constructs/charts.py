"""Helm charts that CloudFormation installs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct, IDependable

# The function that runs Helm is ended after 15 minutes, and a release ended half-way stays locked: Helm gives up first.
PATIENCE = Duration.minutes(10)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart at one version. The release is called as the chart: a name of the CDK's own making would be a hash."""

    name: str
    repository: str
    version: str


EXTERNAL_SECRETS = Chart("external-secrets", "https://charts.external-secrets.io", "2.9.0")
AUTOSCALER = Chart("cluster-autoscaler", "https://kubernetes.github.io/autoscaler", "9.59.0")
PROMETHEUS = Chart("kube-prometheus-stack", "https://prometheus-community.github.io/helm-charts", "88.5.3")


def install(
    scope: Construct,
    chart: Chart,
    *,
    cluster: eks.ICluster,
    namespace: str,
    values: Mapping[str, object],
    after: IDependable,
) -> eks.HelmChart:
    """Install the chart when `after` is done, and wait until all of it runs. Values must hold no None: it gets lost."""
    release = eks.HelmChart(
        scope,
        chart.name,
        cluster=cluster,
        chart=chart.name,
        release=chart.name,
        repository=chart.repository,
        version=chart.version,
        namespace=namespace,
        create_namespace=True,
        wait=True,
        timeout=PATIENCE,
        values=dict(values),
    )
    release.node.add_dependency(after)
    return release
