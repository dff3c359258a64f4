"""The network of an environment."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import RemovalPolicy, Tags
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.constructs.retention import days
from cdk.settings.network import APPLICATION_MASK, DATA_MASK, PUBLIC_MASK, NetworkSettings

PUBLIC, APPLICATION, DATA = "public", "application", "data"


class Vpc(Construct):
    """Public subnets for load balancers, application subnets for nodes and pods, data subnets without any way out."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: NetworkSettings, zones: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(settings.cidr),
            availability_zones=list(zones),
            nat_gateways=settings.nat_gateways,
            restrict_default_security_group=True,
            subnet_configuration=[
                _subnets(PUBLIC, ec2.SubnetType.PUBLIC, PUBLIC_MASK),
                _subnets(APPLICATION, ec2.SubnetType.PRIVATE_WITH_EGRESS, APPLICATION_MASK),
                _subnets(DATA, ec2.SubnetType.PRIVATE_ISOLATED, DATA_MASK),
            ],
        )
        self.subnets = {name: self.vpc.select_subnets(subnet_group_name=name) for name in (PUBLIC, APPLICATION, DATA)}
        self._tag_for_load_balancers()
        self._log_flows(settings.flow_log_days)
        self._reach_services(settings.endpoints, settings.cidr)

    def _tag_for_load_balancers(self) -> None:
        """The load balancer controller finds its subnets by these tags alone."""
        for name, tag in ((PUBLIC, "elb"), (APPLICATION, "internal-elb")):
            for subnet in self.subnets[name].subnets:
                Tags.of(subnet).add(f"kubernetes.io/role/{tag}", "1")

    def _log_flows(self, for_days: int) -> None:
        group = logs.LogGroup(self, "Flows", retention=days(for_days), removal_policy=RemovalPolicy.DESTROY)
        self.vpc.add_flow_log("FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group))

    def _reach_services(self, services: Sequence[str], cidr: str) -> None:
        """S3 costs nothing this way, and image layers come from there; the others as the settings say."""
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        if not services:
            return
        group = ec2.SecurityGroup(self, "Endpoints", vpc=self.vpc, description="AWS services, from inside the VPC")
        group.add_ingress_rule(ec2.Peer.ipv4(cidr), ec2.Port.tcp(443), "HTTPS from the VPC")
        for service in services:
            self.vpc.add_interface_endpoint(
                f"Endpoint-{service}",
                service=ec2.InterfaceVpcEndpointAwsService(service),
                subnets=ec2.SubnetSelection(subnet_group_name=APPLICATION),
                security_groups=[group],
                open=False,
            )


def _subnets(name: str, kind: ec2.SubnetType, mask: int) -> ec2.SubnetConfiguration:
    return ec2.SubnetConfiguration(
        name=name, subnet_type=kind, cidr_mask=mask, map_public_ip_on_launch=False if name == PUBLIC else None
    )
