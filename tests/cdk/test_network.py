import json
from ipaddress import IPv4Network
from typing import Any

import pytest

from cdk import names
from tests.cdk.assembly import Assembly, Resource, Template, text_of


@pytest.fixture
def network(assembly: Assembly) -> Template:
    return assembly[names.Stack.NETWORK]


def tags(resource: Resource) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource["Tags"]}


def subnets(network: Template, kind: str) -> list[Resource]:
    return [each for each in network.all("EC2::Subnet") if tags(each)["aws-cdk:subnet-name"] == kind]


def routes(network: Template, subnet: Resource) -> list[dict[str, Any]]:
    (table,) = [
        each["RouteTableId"]["Ref"]
        for each in network.all("EC2::SubnetRouteTableAssociation")
        if each["SubnetId"] == {"Ref": subnet.id}
    ]
    return [each.properties for each in network.all("EC2::Route") if each["RouteTableId"] == {"Ref": table}]


@pytest.mark.parametrize("kind", ["public", "application", "data"])
def test_each_kind_of_subnet_is_in_each_of_three_zones(assembly: Assembly, network: Template, kind: str) -> None:
    assert [each["AvailabilityZone"] for each in subnets(network, kind)] == list(assembly.env.zones)


def test_subnets_lie_in_the_vpc_and_never_overlap(assembly: Assembly, network: Template) -> None:
    vpc = IPv4Network(assembly.env.network.cidr)
    assert network.only("EC2::VPC")["CidrBlock"] == str(vpc)
    blocks = [IPv4Network(each["CidrBlock"]) for each in network.all("EC2::Subnet")]
    assert all(block.subnet_of(vpc) for block in blocks)
    assert not [(one, other) for one in blocks for other in blocks if one is not other and one.overlaps(other)]


def test_nothing_gets_a_public_address_by_itself(network: Template) -> None:
    assert [each for each in network.all("EC2::Subnet") if each.properties.get("MapPublicIpOnLaunch")] == []


def test_public_subnets_lead_to_the_internet_and_application_subnets_through_a_nat(network: Template) -> None:
    assert all("GatewayId" in route for subnet in subnets(network, "public") for route in routes(network, subnet))
    ways_out = [route for subnet in subnets(network, "application") for route in routes(network, subnet)]
    assert len(ways_out) == 3
    assert all("NatGatewayId" in route for route in ways_out)
    assert {route["DestinationCidrBlock"] for route in ways_out} == {"0.0.0.0/0"}


def test_data_subnets_have_no_way_out(network: Template) -> None:
    assert [route for subnet in subnets(network, "data") for route in routes(network, subnet)] == []


def test_there_are_as_many_nat_gateways_as_the_settings_say(assembly: Assembly, network: Template) -> None:
    gateways = network.all("EC2::NatGateway")
    assert len(gateways) == assembly.env.network.nat_gateways
    homes = [each["SubnetId"] for each in gateways]
    assert homes == [{"Ref": each.id} for each in subnets(network, "public")[: len(gateways)]]
    assert all("AllocationId" in each.properties for each in gateways)


def test_where_every_zone_has_its_nat_none_needs_that_of_another(prod: Assembly) -> None:
    network = prod[names.Stack.NETWORK]
    used = [route["NatGatewayId"]["Ref"] for each in subnets(network, "application") for route in routes(network, each)]
    assert len(set(used)) == 3


def test_names_are_known_inside_the_vpc_as_the_cluster_and_its_endpoints_need_it(network: Template) -> None:
    vpc = network.only("EC2::VPC")
    assert (vpc["EnableDnsHostnames"], vpc["EnableDnsSupport"]) == (True, True)
    assert all(
        each["VpcId"] == {"Ref": vpc.id} for kind in ("Subnet", "RouteTable") for each in network.all(f"EC2::{kind}")
    )
    assert network.only("EC2::VPCGatewayAttachment")["VpcId"] == {"Ref": vpc.id}


def test_load_balancers_find_their_subnets_by_tag(network: Template) -> None:
    assert all(tags(each)["kubernetes.io/role/elb"] == "1" for each in subnets(network, "public"))
    assert all(tags(each)["kubernetes.io/role/internal-elb"] == "1" for each in subnets(network, "application"))
    assert not any("kubernetes.io" in key for each in subnets(network, "data") for key in tags(each))


def test_all_traffic_is_logged_and_kept_as_long_as_the_settings_say(assembly: Assembly, network: Template) -> None:
    log = network.only("EC2::FlowLog")
    assert log["TrafficType"] == "ALL"
    assert (log["ResourceType"], log["ResourceId"]) == ("VPC", {"Ref": network.only("EC2::VPC").id})
    assert log["LogGroupName"] == {"Ref": network.only("Logs::LogGroup").id}
    assert network.only("Logs::LogGroup")["RetentionInDays"] == assembly.env.network.flow_log_days


def test_s3_is_reached_without_a_nat_and_other_services_as_the_settings_say(
    assembly: Assembly, network: Template
) -> None:
    endpoints = network.all("EC2::VPCEndpoint")
    interfaces = {each["ServiceName"].split(f"{assembly.env.region}.")[1] for each in endpoints if _is_interface(each)}
    assert interfaces == set(assembly.env.network.endpoints)
    (s3,) = [each for each in endpoints if not _is_interface(each)]
    assert text_of(s3["ServiceName"]).endswith(".s3")
    assert len(s3["RouteTableIds"]) == 9
    assert {json.dumps(each["VpcId"]) for each in endpoints} == {json.dumps({"Ref": network.only("EC2::VPC").id})}
    assert all(each["PrivateDnsEnabled"] for each in endpoints if _is_interface(each))


def test_prod_starts_nodes_and_reads_secrets_without_a_nat(prod: Assembly) -> None:
    starting = {"ec2", "ecr.api", "ecr.dkr", "eks", "sts"}
    assert starting | {"secretsmanager", "logs", "eks-auth"} == set(prod.env.network.endpoints)


def test_endpoints_answer_inside_the_vpc_only(prod: Assembly) -> None:
    (group,) = prod[names.Stack.NETWORK].all("EC2::SecurityGroup")
    assert [(rule["CidrIp"], rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupIngress"]] == [
        (prod.env.network.cidr, 443, 443)
    ]


def test_the_default_security_group_lets_nobody_in_or_out(network: Template) -> None:
    closed = network.only("Custom::VpcRestrictDefaultSG")["DefaultSecurityGroupId"]
    assert closed == {"Fn::GetAtt": [network.only("EC2::VPC").id, "DefaultSecurityGroup"]}


def _is_interface(endpoint: Resource) -> bool:
    return bool(endpoint["VpcEndpointType"] == "Interface")
