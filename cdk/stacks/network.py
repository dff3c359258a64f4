"""The ground that all else of an environment stands on."""

from __future__ import annotations

from aws_cdk import Fn, Stack
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from cdk import names
from cdk.constructs.vpc import APPLICATION, DATA, PUBLIC, Vpc
from cdk.settings import Environment
from cdk.stacks.common import outputs, properties


class NetworkStack(Stack):
    """The VPC: three zones, three kinds of subnets, ways out, and a log of who talked to whom."""

    def __init__(self, scope: Construct, *, env: Environment) -> None:
        super().__init__(scope, "Network", **properties(env, names.Stack.NETWORK, "network"))
        network = Vpc(self, "Network", settings=env.network, zones=env.zones)
        self.vpc = network.vpc
        self.application = ec2.SubnetSelection(subnets=network.subnets[APPLICATION].subnets)
        self.data = ec2.SubnetSelection(subnets=network.subnets[DATA].subnets)
        outputs(
            self,
            {
                names.Output.PUBLIC_SUBNETS: _blocks(network.subnets[PUBLIC]),
                names.Output.DATA_SUBNETS: _blocks(network.subnets[DATA]),
            },
        )


def _blocks(subnets: ec2.SelectedSubnets) -> str:
    return Fn.join(",", [subnet.ipv4_cidr_block for subnet in subnets.subnets])
