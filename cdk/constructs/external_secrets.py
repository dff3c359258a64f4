"""Brings secrets from Secrets Manager into the cluster, and keeps them up to date there."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_eks_v2 as eks
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct, IDependable

from cdk import names
from cdk.constructs.charts import EXTERNAL_SECRETS, install
from cdk.constructs.pod_role import PodRole

SERVICE_ACCOUNT = "external-secrets"
_PRIORITY = "system-cluster-critical"


class ExternalSecrets(Construct):
    """The operator, which may read the secrets named here, and the store through which our namespaces ask it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: eks.ICluster,
        readable: Sequence[secrets.ISecret],
        keys: Sequence[kms.IKey],
        namespaces: Sequence[str],
        after: IDependable,
    ) -> None:
        super().__init__(scope, construct_id)
        identity = PodRole(
            self,
            "Identity",
            cluster_name=cluster.cluster_name,
            namespace=names.SECRETS_NAMESPACE,
            service_account=SERVICE_ACCOUNT,
            statements=[_read(readable), _decrypt(keys)],
        )
        chart = install(
            self,
            EXTERNAL_SECRETS,
            cluster=cluster,
            namespace=names.SECRETS_NAMESPACE,
            values={
                "serviceAccount": {"create": True, "name": SERVICE_ACCOUNT},
                "replicaCount": 2,
                "leaderElect": True,
                # Without it no new login of the database reaches a pod: it goes last.
                "priorityClassName": _PRIORITY,
                "webhook": {"priorityClassName": _PRIORITY},
                "certController": {"priorityClassName": _PRIORITY},
            },
            after=after,
        )
        chart.node.add_dependency(identity)
        self.store = eks.KubernetesManifest(self, "Store", cluster=cluster, manifest=[_store(self, namespaces)])
        self.store.node.add_dependency(chart)


def _read(readable: Sequence[secrets.ISecret]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
        resources=[secret.secret_arn for secret in readable],
    )


def _decrypt(keys: Sequence[kms.IKey]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["kms:Decrypt"], resources=[key.key_arn for key in keys])


def _store(scope: Construct, namespaces: Sequence[str]) -> dict[str, object]:
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ClusterSecretStore",
        "metadata": {"name": names.SECRET_STORE},
        "spec": {
            "conditions": [{"namespaces": list(namespaces)}],
            "provider": {"aws": {"service": "SecretsManager", "region": Stack.of(scope).region}},
        },
    }
