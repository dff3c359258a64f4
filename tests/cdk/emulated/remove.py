"""How resources go; among them those that moto's CloudFormation makes and then forgets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.cloudformation.parsing import get_model_map

from tests.cdk.emulated.api import Place, Properties, request

Remover = Callable[[Place, str, Properties], object]  # told its id and properties


def remove(place: Place, resource: Any, body: Properties) -> None:
    """Delete one resource of a stack. body: of the template, its references resolved."""
    which = getattr(resource, "physical_resource_id", "")
    if body["Type"] in REMOVERS:
        REMOVERS[body["Type"]](place, which, body["Properties"])
    elif hasattr(resource, "delete"):
        resource.delete(place.account, place.region)
    else:
        model = get_model_map()[body["Type"]]
        model.delete_from_cloudformation_json(which, body, place.account, place.region)


def address(place: Place, which: str, _properties: Properties) -> None:
    found = place.client("ec2").describe_addresses(PublicIps=[which])["Addresses"][0]
    place.client("ec2").release_address(AllocationId=found["AllocationId"])


def attachment(place: Place, _which: str, properties: Properties) -> None:
    place.client("ec2").detach_internet_gateway(
        InternetGatewayId=properties["InternetGatewayId"], VpcId=properties["VpcId"]
    )


def endpoint(place: Place, which: str, _properties: Properties) -> None:
    place.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[which])


def flow_log(place: Place, which: str, _properties: Properties) -> None:
    place.client("ec2").delete_flow_logs(FlowLogIds=[which])


def internet_gateway(place: Place, which: str, _properties: Properties) -> None:
    place.client("ec2").delete_internet_gateway(InternetGatewayId=which)


def nat_gateway(place: Place, which: str, _properties: Properties) -> None:
    """With its network interface, which goes by itself in AWS."""
    ec2 = place.client("ec2")
    found = ec2.describe_nat_gateways(NatGatewayIds=[which])["NatGateways"][0]
    ec2.delete_nat_gateway(NatGatewayId=which)
    for each in found["NatGatewayAddresses"]:
        ec2.delete_network_interface(NetworkInterfaceId=each["NetworkInterfaceId"])


def route(place: Place, _which: str, properties: Properties) -> None:
    place.client("ec2").delete_route(
        RouteTableId=properties["RouteTableId"], DestinationCidrBlock=properties["DestinationCidrBlock"]
    )


def route_table(place: Place, which: str, _properties: Properties) -> None:
    place.client("ec2").delete_route_table(RouteTableId=which)


def rule(place: Place, _which: str, properties: Properties) -> None:
    ports = {name: properties[name] for name in ("IpProtocol", "FromPort", "ToPort")}
    source = [{"GroupId": properties["SourceSecurityGroupId"]}]
    asked = {"GroupId": properties["GroupId"], "IpPermissions": [{**ports, "UserIdGroupPairs": source}]}
    ec2 = place.client("ec2")
    ec2.revoke_security_group_ingress(**request(ec2, "revoke_security_group_ingress", asked))


REMOVERS: dict[str, Remover] = {
    "AWS::EC2::EIP": address,
    "AWS::EC2::FlowLog": flow_log,
    "AWS::EC2::InternetGateway": internet_gateway,
    "AWS::EC2::NatGateway": nat_gateway,
    "AWS::EC2::Route": route,
    "AWS::EC2::RouteTable": route_table,
    "AWS::EC2::SecurityGroupIngress": rule,
    "AWS::EC2::VPCEndpoint": endpoint,
    "AWS::EC2::VPCGatewayAttachment": attachment,
}
