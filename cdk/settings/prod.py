"""The environment that sells: sized for the day everybody comes, closed, and hard to lose."""

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

PROD = Environment(
    name="prod",
    account=EXAMPLE_ACCOUNT,
    region="eu-west-1",
    protected=True,
    network=NetworkSettings(
        cidr="10.30.0.0/16",
        neighbours=("10.20.0.0/16",),
        nat_gateways=3,
        # What a node starts with and a pod gets its image, role and secrets from, should every way out be gone. The
        # autoscaler, load balancer targets, queue and letters go through the NAT: they wait until it is back.
        endpoints=("ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "secretsmanager", "sts"),
        flow_log_days=90,
    ),
    database=DatabaseSettings(
        instance="m7g.xlarge",
        storage=100,
        max_storage=1000,
        max_connections=950,
        backup_days=35,
        insights_months=0,
    ),
    cluster=ClusterSettings(
        private=True,
        instances=("m7i.xlarge", "m6i.xlarge"),
        least_nodes=1,
        most_nodes=6,
        log_days=90,
    ),
    backend=Workload(least=6, most=24, surge=6, pool=14, cpu="900m", memory="512Mi"),
    worker=Workload(least=2, most=2, surge=1, pool=10, cpu="100m", memory="256Mi"),
    frontend=Workload(least=3, most=12, surge=3, cpu="100m", memory="64Mi"),
    edge=EdgeSettings(
        domain="tickets.example.com",
        zone_name="tickets.example.com",
        zone_id="Z0EXAMPLEZONE",
        requests_per_5_minutes=12_000,
        log_days=90,
    ),
    monitoring=MonitoringSettings(alarm_address="oncall@example.com", retention_days=45, storage=100, replicas=2),
    delivery=DeliverySettings(
        repository="example/aegistickets",
        makes_provider=True,  # not dev, which may go at any time, and would take it along
        images_from="dev",
        runner_connection_arn=f"arn:aws:codeconnections:eu-west-1:{EXAMPLE_ACCOUNT}:connection/EXAMPLE",
        runner_workflow="deploy-prod",
    ),
)
