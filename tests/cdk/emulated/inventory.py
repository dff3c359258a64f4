"""All that there is in an emulated account, one line for each thing: how to see that nothing has been left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.cdk.emulated.api import Place

# service: {operation: (where the answer holds the list, what names one of them)}; a list of plain names has no second.
LISTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "acm": {"list_certificates": ("CertificateSummaryList", "CertificateArn")},
    "cloudformation": {"list_exports": ("Exports", "Name"), "describe_stacks": ("Stacks", "StackName")},
    "cloudwatch": {
        "describe_alarms": ("MetricAlarms", "AlarmName"),
        "list_dashboards": ("DashboardEntries", "DashboardName"),
    },
    "codebuild": {"list_projects": ("projects", "")},
    "ec2": {
        "describe_addresses": ("Addresses", "AllocationId"),
        "describe_flow_logs": ("FlowLogs", "FlowLogId"),
        "describe_internet_gateways": ("InternetGateways", "InternetGatewayId"),
        "describe_launch_templates": ("LaunchTemplates", "LaunchTemplateName"),
        "describe_network_interfaces": ("NetworkInterfaces", "NetworkInterfaceId"),
        "describe_route_tables": ("RouteTables", "RouteTableId"),
        "describe_security_groups": ("SecurityGroups", "GroupId"),
        "describe_subnets": ("Subnets", "SubnetId"),
        "describe_vpcs": ("Vpcs", "VpcId"),
    },
    "ecr": {"describe_repositories": ("repositories", "repositoryName")},
    "eks": {"list_clusters": ("clusters", "")},
    "iam": {
        "list_open_id_connect_providers": ("OpenIDConnectProviderList", "Arn"),
        "list_roles": ("Roles", "RoleName"),
    },
    "lambda": {"list_functions": ("Functions", "FunctionName"), "list_layers": ("Layers", "LayerName")},
    "logs": {"describe_log_groups": ("logGroups", "logGroupName")},
    "rds": {
        "describe_db_instances": ("DBInstances", "DBInstanceIdentifier"),
        "describe_db_parameter_groups": ("DBParameterGroups", "DBParameterGroupName"),
        "describe_db_snapshots": ("DBSnapshots", "DBSnapshotIdentifier"),
        "describe_db_subnet_groups": ("DBSubnetGroups", "DBSubnetGroupName"),
        "describe_event_subscriptions": ("EventSubscriptionsList", "CustSubscriptionId"),
    },
    "s3": {"list_buckets": ("Buckets", "Name")},
    "secretsmanager": {"list_secrets": ("SecretList", "Name")},
    "sesv2": {
        "list_configuration_sets": ("ConfigurationSets", ""),
        "list_email_identities": ("EmailIdentities", "IdentityName"),
    },
    "sns": {"list_subscriptions": ("Subscriptions", "Endpoint"), "list_topics": ("Topics", "TopicArn")},
    "sqs": {"list_queues": ("QueueUrls", "")},
    "ssm": {"describe_parameters": ("Parameters", "Name")},
}


def inventory(place: Place) -> set[str]:
    """Such as `ec2 Vpcs vpc-0123`. What lingers after its deletion has been asked for counts no more."""
    found = {
        f"{service} {listed} {each[name] if name else each}"
        for service, operations in LISTS.items()
        for operation, (listed, name) in operations.items()
        for each in everything(place, service, operation, listed)
    }
    acls = place.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]
    return found | {f"wafv2 WebACLs {each['Name']}" for each in acls} | _lingering(place) | _records(place)


def everything(place: Place, service: str, operation: str, listed: str, **which: Any) -> list[Any]:
    """All pages of a list."""
    client = place.client(service)
    if client.can_paginate(operation):
        return [each for page in client.get_paginator(operation).paginate(**which) for each in page.get(listed, [])]
    return list(getattr(client, operation)(**which).get(listed, []))


def _lingering(place: Place) -> set[str]:
    kms = place.client("kms")
    keys = [each["KeyId"] for each in everything(place, "kms", "list_keys", "Keys")]
    about = [kms.describe_key(KeyId=key)["KeyMetadata"] for key in keys]
    gateways = everything(place, "ec2", "describe_nat_gateways", "NatGateways")
    endpoints = everything(place, "ec2", "describe_vpc_endpoints", "VpcEndpoints")
    return {
        *(f"kms Keys {key['Description']}" for key in about if key["KeyState"] != "PendingDeletion"),
        *(f"ec2 NatGateways {each['NatGatewayId']}" for each in gateways if each["State"] != "deleted"),
        *(f"ec2 VpcEndpoints {each['VpcEndpointId']}" for each in endpoints if each["State"] != "deleted"),
    } - {"kms Keys Default key"}  # AWS's own, there as soon as anything is encrypted with no key named


def _records(place: Place) -> set[str]:
    zones = [each["Id"] for each in everything(place, "route53", "list_hosted_zones", "HostedZones")]
    return {
        f"route53 ResourceRecordSets {record['Name']} {record['Type']}"
        for zone in zones
        for record in everything(place, "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
    }
