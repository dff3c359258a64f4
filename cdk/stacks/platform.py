"""What the cluster runs for the application: storage, secrets, monitoring, the load balancer, more nodes."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_secretsmanager as secrets
from constructs import Construct

from cdk import names
from cdk.constructs.autoscaler import Autoscaler
from cdk.constructs.deployers import deployers
from cdk.constructs.escape import as_interface
from cdk.constructs.external_secrets import ExternalSecrets
from cdk.constructs.keys import encryption_key
from cdk.constructs.load_balancer_controller import load_balancer_controller
from cdk.constructs.monitoring import Monitoring
from cdk.constructs.pod_role import PodRole
from cdk.constructs.secret import generated_secret
from cdk.constructs.storage_class import storage_class
from cdk.settings import Environment
from cdk.stacks.cluster import ClusterStack
from cdk.stacks.common import properties
from cdk.stacks.database import DatabaseStack


class PlatformStack(Stack):
    """What runs in the cluster before the application does, one after the other, and the application's own secrets."""

    def __init__(self, scope: Construct, *, env: Environment, cluster: ClusterStack, database: DatabaseStack) -> None:
        super().__init__(scope, "Platform", **properties(env, names.Stack.PLATFORM, "add-ons of the cluster"))
        kubernetes = as_interface(cluster.cluster)
        namespaces = [names.namespace(env.name), names.MONITORING]
        self.key = encryption_key(self, "Key", purpose="Secrets of the application", protected=env.protected)
        self._secrets = self._application_secrets(env)

        controller = load_balancer_controller(self, "LoadBalancerController", cluster=cluster.cluster)
        storage = storage_class(self, "StorageClass", cluster=kubernetes, environment=env.name)
        storage.node.add_dependency(controller)
        autoscaler = Autoscaler(self, "Autoscaler", cluster=kubernetes, name=names.cluster(env.name), after=storage)
        operator = ExternalSecrets(
            self,
            "ExternalSecrets",
            cluster=kubernetes,
            readable=[*self._secrets, database.login, database.owner],
            keys=[self.key, database.key],
            namespaces=namespaces,
            after=autoscaler.chart,
        )
        monitoring = Monitoring(
            self,
            "Monitoring",
            cluster=kubernetes,
            settings=env.monitoring,
            namespaces=namespaces,
            password=names.secret(env.name, names.Secret.GRAFANA),
            after=operator.store,
        )
        # A pod gets its role when it is made, and never later. What this one may do the stack of the alarms adds.
        self.alertmanager = PodRole(
            self,
            "Alertmanager",
            cluster_name=kubernetes.cluster_name,
            namespace=names.MONITORING,
            service_account=names.ALERTMANAGER,
        )
        monitoring.chart.node.add_dependency(self.alertmanager)
        deployers(self, "Deployers", cluster=kubernetes, namespace=names.namespace(env.name), after=monitoring.chart)

    def _application_secrets(self, env: Environment) -> list[secrets.Secret]:
        return [
            self._secret(
                env,
                names.Secret.APPLICATION,
                purpose="SECRET_KEY, which signs links to orders and tickets",
                known={"OLD_SECRET_KEYS": ""},
                generated="SECRET_KEY",
                unrotated="Links to orders live as long as it does; a person changes it and keeps the old one.",
            ),
            self._secret(
                env,
                names.Secret.PAYMENTS,
                purpose="Keys of Stripe, which a person fills in, and of the test payment provider",
                known={"STRIPE_SECRET_KEY": "", "STRIPE_WEBHOOK_SECRET": ""},
                generated="PSP_SECRET",
                unrotated="The payment provider makes these keys, on its own page.",
            ),
            self._secret(
                env,
                names.Secret.GRAFANA,
                purpose="Grafana's administrator",
                known={"username": "admin"},
                generated="password",
                unrotated="Grafana reads it when its pod starts; docs/secrets.md says how a person changes it.",
            ),
        ]

    def _secret(
        self,
        env: Environment,
        which: names.Secret,
        *,
        purpose: str,
        known: dict[str, str],
        generated: str,
        unrotated: str,
    ) -> secrets.Secret:
        return generated_secret(
            self,
            f"{which.name.title()}Secret",
            name=names.secret(env.name, which),
            purpose=purpose,
            known=known,
            generated=generated,
            key=self.key,
            unrotated=unrotated,
            protected=env.protected,
        )
