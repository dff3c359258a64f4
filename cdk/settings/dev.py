"""The environment where every change goes first: small, open to its team, and easily thrown away."""

from cdk.settings.cluster import ClusterSettings
from cdk.settings.database import DatabaseSettings
from cdk.settings.environment import (
    EXAMPLE_ACCOUNT,
    DeliverySettings,
    EdgeSettings,
    Environment,
    MonitoringSettings,
)
from cdk.settings.network import NetworkSettings
from cdk.settings.workloads import Workload

DEV = Environment(
    name="dev",
    account=EXAMPLE_ACCOUNT,
    region="eu-west-1",
    protected=False,
    network=NetworkSettings(cidr="10.20.0.0/16", nat_gateways=1, flow_log_days=7),
    database=DatabaseSettings(
        instance="t4g.medium",
        storage=20,
        max_storage=50,
        max_connections=200,
        backup_days=7,
        insights_months=0,
    ),
    cluster=ClusterSettings(
        private=False,
        allowed_cidrs=("203.0.113.0/24",),
        instances=("t3.large",),
        least_nodes=1,
        most_nodes=2,
        log_days=14,
    ),
    backend=Workload(least=2, most=4, pool=10, cpu="250m", memory="384Mi"),
    worker=Workload(least=1, most=1, pool=10, cpu="100m", memory="256Mi"),
    frontend=Workload(least=2, most=3, cpu="50m", memory="64Mi"),
    edge=EdgeSettings(
        domain="dev.tickets.example.com",
        zone_name="tickets.example.com",
        zone_id="Z0EXAMPLEZONE",
        requests_per_5_minutes=12_000,
        log_days=14,
    ),
    monitoring=MonitoringSettings(alarm_address="dev-alarms@example.com", retention_days=30, storage=30),
    delivery=DeliverySettings(
        repository="example/aegistickets",
        makes_provider=False,
        runner_connection_arn=f"arn:aws:codeconnections:eu-west-1:{EXAMPLE_ACCOUNT}:connection/EXAMPLE",
        runner_workflow="deploy-dev",
    ),
)
