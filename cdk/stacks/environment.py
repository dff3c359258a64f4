"""All stacks of an environment, in the order in which they need each other."""

from __future__ import annotations

from aws_cdk import App

from cdk.settings import Environment, readers
from cdk.stacks.cluster import ClusterStack
from cdk.stacks.database import DatabaseStack
from cdk.stacks.delivery import DeliveryStack
from cdk.stacks.edge import EdgeStack
from cdk.stacks.messaging import MessagingStack
from cdk.stacks.network import NetworkStack
from cdk.stacks.observability import ObservabilityStack
from cdk.stacks.platform import PlatformStack
from cdk.stacks.registry import RegistryStack


def build(app: App, env: Environment) -> None:
    network = NetworkStack(app, env=env)
    registry = RegistryStack(app, env=env, readers=readers(env))
    database = DatabaseStack(app, env=env, network=network)
    cluster = ClusterStack(app, env=env, network=network, database=database)
    platform = PlatformStack(app, env=env, cluster=cluster, database=database)
    EdgeStack(app, env=env)
    messaging = MessagingStack(app, env=env, cluster=cluster, database=database)
    ObservabilityStack(app, env=env, platform=platform, database=database, messaging=messaging)
    DeliveryStack(app, env=env, network=network, registry=registry, cluster=cluster)
