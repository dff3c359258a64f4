"""A deployed environment, as its services describe it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cdk import names
from cdk.settings import Environment
from tests.cdk.assembly import Assembly
from tests.cdk.emulated.inventory import everything
from tests.cdk.emulated.running import Aws


@dataclass(frozen=True)
class Deployment:
    aws: Aws
    assembly: Assembly

    @property
    def env(self) -> Environment:
        return self.assembly.env

    def client(self, service: str) -> Any:
        return self.aws.place.client(service)

    def output(self, which: names.Output) -> str:
        return self.aws.outputs(self.assembly.folder)[names.stack(self.env.name, names.STACK_OF[which])][which]

    def stored(self, resource_type: str) -> list[dict[str, Any]]:
        return self.aws.stored(self.env.name, resource_type)

    def vpc(self) -> dict[str, Any]:
        found: dict[str, Any]
        (found,) = self._ec2("describe_vpcs", "Vpcs", cidr=self.env.network.cidr)
        return found

    def subnets(self, group: str) -> list[dict[str, Any]]:
        """public, application or data, in the order of their zones."""
        found = self._ec2(
            "describe_subnets", "Subnets", **{"vpc-id": self.vpc()["VpcId"], "tag:aws-cdk:subnet-name": group}
        )
        return sorted(found, key=lambda each: str(each["AvailabilityZone"]))

    def way_out(self, subnet: dict[str, Any]) -> str | None:
        """Id of the gateway behind a subnet's default route."""
        (table,) = self._ec2("describe_route_tables", "RouteTables", **{"association.subnet-id": subnet["SubnetId"]})
        defaults = [each for each in table["Routes"] if each.get("DestinationCidrBlock") == "0.0.0.0/0"]
        return next((each.get("NatGatewayId") or each.get("GatewayId") for each in defaults), None)

    def nat_gateways(self) -> list[dict[str, Any]]:
        found = self.client("ec2").describe_nat_gateways(Filter=[{"Name": "vpc-id", "Values": [self.vpc()["VpcId"]]}])
        return list(found["NatGateways"])

    def endpoints(self) -> set[str]:
        """Services that have one, by the last part of their names."""
        found = self._ec2("describe_vpc_endpoints", "VpcEndpoints", **{"vpc-id": self.vpc()["VpcId"]})
        return {each["ServiceName"].removeprefix(f"com.amazonaws.{self.env.region}.") for each in found}

    def security_group(self, which: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("ec2").describe_security_groups(GroupIds=[which])["SecurityGroups"][0]
        return found

    def database(self) -> dict[str, Any]:
        host = self.output(names.Output.DATABASE_HOST)
        found = self.client("rds").describe_db_instances(DBInstanceIdentifier=host.split(".")[0])
        instance: dict[str, Any] = found["DBInstances"][0]
        return instance

    def cluster(self) -> dict[str, Any]:
        name = self.output(names.Output.CLUSTER_NAME)
        found: dict[str, Any] = self.client("eks").describe_cluster(name=name)["cluster"]
        return found

    def node_groups(self) -> list[dict[str, Any]]:
        eks, cluster = self.client("eks"), names.cluster(self.env.name)
        return [
            eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
            for name in eks.list_nodegroups(clusterName=cluster)["nodegroups"]
        ]

    def addresses(self) -> dict[str, str]:
        """What the shop's name leads to, by the type of record."""
        zone = {"HostedZoneId": self.env.edge.zone_id}
        records = everything(self.aws.place, "route53", "list_resource_record_sets", "ResourceRecordSets", **zone)
        ours = [each for each in records if each["Name"].rstrip(".") == self.env.edge.domain]
        return {each["Type"]: each["AliasTarget"]["DNSName"] for each in ours if "AliasTarget" in each}

    def role(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
        return found

    def _ec2(self, operation: str, listed: str, **filters: str) -> list[Any]:
        asked = [{"Name": name, "Values": [value]} for name, value in filters.items()]
        return everything(self.aws.place, "ec2", operation, listed, Filters=asked)
