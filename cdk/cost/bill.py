"""What is paid for: quantities of prices, from an environment's settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cdk.cost.prices import Price
from cdk.settings import Environment

HOURS = 730  # of a month
ZONES = 3
# What the templates hold whatever the settings say; a test counts them there.
KEYS, RUNNER_KEYS = 7, 1
SECRETS = 4 + 1  # and the one that RDS makes for the owner
FIREWALL_RULES = 4
ALARMS: Mapping[str, int] = {"dev": 12, "prod": 11}
DATABASE_VCPUS = {"medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8}
ALERTMANAGER_VOLUME = 2  # GB


@dataclass(frozen=True, slots=True)
class Line:
    """So many units of a price."""

    what: str
    price: str
    units: float

    def usd(self, prices: Mapping[str, Price]) -> float | None:
        """None while the price is open."""
        usd = prices[self.price].usd if self.price in prices else None
        return None if usd is None else usd * self.units


def total(lines: Sequence[Line], prices: Mapping[str, Price]) -> float:
    """Of those lines whose prices are known."""
    return sum(line.usd(prices) or 0 for line in lines)


def month(env: Environment) -> list[Line]:
    """A month in which nobody comes: what is paid for being there."""
    return [*_cluster(env), *_database(env), *_network(env), *_around(env)]


def nodes_hour(env: Environment) -> list[Line]:
    """One hour of every node beyond the least, as on the day everybody comes."""
    more = (env.cluster.most_nodes - env.cluster.least_nodes) * ZONES
    return [Line(f"{more} more nodes", f"ec2-{env.cluster.instances[0]}-hour", more)]


def _cluster(env: Environment) -> list[Line]:
    nodes = env.cluster.least_nodes * ZONES
    return [
        Line("control plane", "eks-cluster-hour", HOURS),
        Line(f"nodes: {nodes} {env.cluster.instances[0]}", f"ec2-{env.cluster.instances[0]}-hour", nodes * HOURS),
        Line("disks of the nodes", "ebs-gp3-month", nodes * env.cluster.disk),
        Line(
            "Prometheus and Alertmanager",
            "ebs-gp3-month",
            (env.monitoring.storage + ALERTMANAGER_VOLUME) * env.monitoring.replicas,
        ),
    ]


def _database(env: Environment) -> list[Line]:
    database = env.database
    copies = 2 if database.multi_az else 1
    lines = [
        Line(f"database, {database.instance} in {_zones(copies)}", f"rds-{database.instance}-hour", copies * HOURS),
        Line(f"its {database.storage} GB, in {_zones(copies)}", "rds-gp3-month", copies * database.storage),
    ]
    if database.insights_months:
        vcpus = copies * DATABASE_VCPUS[database.instance.partition(".")[2]]
        lines.append(Line("query statistics", "rds-insights-month", vcpus))
    return lines


def _network(env: Environment) -> list[Line]:
    network = env.network
    endpoints = len(network.endpoints)
    lines = [
        Line(f"NAT gateways: {network.nat_gateways}", "nat-hour", network.nat_gateways * HOURS),
        Line(f"interface endpoints: {endpoints} in each zone", "endpoint-hour", endpoints * ZONES * HOURS),
        Line("load balancer, idle", "alb-hour", HOURS),
        Line("public addresses", "address-month", network.nat_gateways + ZONES),
        Line("firewall", "waf-acl-month", 1),
        Line("rules of the firewall", "waf-rule-month", FIREWALL_RULES),
    ]
    return [line for line in lines if line.units]


def _around(env: Environment) -> list[Line]:
    keys = KEYS + (RUNNER_KEYS if env.delivery.runner_connection_arn else 0)
    return [
        Line("keys", "kms-key-month", keys),
        Line("secrets", "secret-month", SECRETS),
        Line("alarms", "alarm-month", ALARMS[env.name]),
        Line("dashboard", "dashboard-month", 1),
    ]


def _zones(copies: int) -> str:
    return "two zones" if copies == 2 else "one zone"
