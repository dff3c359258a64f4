"""Addresses and zones."""

from __future__ import annotations

from dataclasses import dataclass

from cdk.settings.checks import LOG_DAYS, PRIVATE, SHARED, apart, block, check, inside, one_of, typed

# Pods take their addresses from the application subnets: 4,091 of them in each zone.
PUBLIC_MASK, APPLICATION_MASK, DATA_MASK = 24, 20, 26

# Those of the interface kind that something of ours asks; S3 goes by a gateway, which costs nothing.
ENDPOINTS = (
    *("autoscaling", "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing"),
    *("email", "kms", "logs", "monitoring", "secretsmanager", "sns", "sqs", "sts"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """One VPC over three zones. Blocks are IPv4; zones are the letters that follow the region's name."""

    cidr: str
    zones: tuple[str, ...] = ("a", "b", "c")
    service_cidr: str = "172.20.0.0/16"  # of Kubernetes services; exists inside the cluster only
    neighbours: tuple[str, ...] = ()  # networks joined with this one, now or later
    nat_gateways: int
    endpoints: tuple[str, ...] = ()  # AWS services reached without the NAT; each costs by the hour and zone
    flow_log_days: int

    def __post_init__(self) -> None:
        typed(self, "network")
        check("network.zones", len(set(self.zones)) == 3, f"are {','.join(self.zones)}: name three, each once")
        check(
            "network.nat_gateways",
            1 <= self.nat_gateways <= len(self.zones),
            f"is {self.nat_gateways}: at least 1, and at most one for each zone",
        )
        one_of("network.flow_log_days", self.flow_log_days, LOG_DAYS)
        for number, endpoint in enumerate(self.endpoints):
            one_of(f"network.endpoints[{number}]", endpoint, ENDPOINTS)
        check(
            "network.endpoints", len(set(self.endpoints)) == len(self.endpoints), "name a service twice: once is enough"
        )
        services = block("network.service_cidr", self.service_cidr)
        check("network.service_cidr", inside(services, PRIVATE), f"is {services}, which is not private")
        check("network.service_cidr", 12 <= services.prefixlen <= 24, f"is {services}: EKS takes a /12 to a /24")
        vpc = block("network.cidr", self.cidr)
        check(
            "network.cidr", inside(vpc, (*PRIVATE, SHARED)), f"is {vpc}, which is not private: choose from 10.0.0.0/8"
        )
        check("network.cidr", 16 <= vpc.prefixlen <= 17, f"is {vpc}: the subnets of three zones need a /16 or a /17")
        neighbours = {f"network.neighbours[{number}]": cidr for number, cidr in enumerate(self.neighbours)}
        apart({"network.cidr": self.cidr, "network.service_cidr": self.service_cidr, **neighbours})
