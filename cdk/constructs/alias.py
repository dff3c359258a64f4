"""The shop's name, as soon as there is a load balancer for it to name."""

from __future__ import annotations

from aws_cdk import CfnCondition, CfnParameter, Fn
from aws_cdk import aws_route53 as route53
from constructs import Construct

from cdk import names


class Alias(Construct):
    """Points the domain to the load balancer.

    The controller makes that from the application's Ingress, after this stack. Its address comes by two parameters,
    which CloudFormation remembers; while they are empty there is no record.
    """

    def __init__(self, scope: Construct, construct_id: str, *, domain: str, zone_id: str) -> None:
        super().__init__(scope, construct_id)
        address = _parameter(self, names.Parameter.LOAD_BALANCER_DNS, "DNSName of the load balancer")
        zone = _parameter(self, names.Parameter.LOAD_BALANCER_ZONE, "CanonicalHostedZoneId of the load balancer")
        known = CfnCondition(
            self, "Known", expression=Fn.condition_not(Fn.condition_equals(address.value_as_string, ""))
        )
        for kind in ("A", "AAAA"):
            record = route53.CfnRecordSet(
                self,
                kind,
                name=domain,
                type=kind,
                hosted_zone_id=zone_id,
                alias_target=route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=address.value_as_string, hosted_zone_id=zone.value_as_string, evaluate_target_health=True
                ),
            )
            record.cfn_options.condition = known


def _parameter(scope: Construct, name: names.Parameter, description: str) -> CfnParameter:
    parameter = CfnParameter(scope, str(name), type="String", default="", description=description)
    parameter.override_logical_id(str(name))
    return parameter
