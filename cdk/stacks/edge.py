"""Where customers come in, but for the load balancer: its controller in the cluster makes that."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from cdk import names
from cdk.constructs.alias import Alias
from cdk.constructs.firewall import Firewall
from cdk.constructs.log_bucket import load_balancer_logs
from cdk.settings import Environment
from cdk.stacks.common import outputs, properties


class EdgeStack(Stack):
    """Where customers come in: certificate, name, firewall, and the load balancer's log."""

    def __init__(self, scope: Construct, *, env: Environment) -> None:
        super().__init__(scope, "Edge", **properties(env, names.Stack.EDGE, "certificate, name and firewall"))
        firewall = Firewall(
            self,
            "Firewall",
            name=names.prefix(env.name),
            requests_per_5_minutes=env.edge.requests_per_5_minutes,
            log_days=env.edge.log_days,
        )
        logs = load_balancer_logs(
            self,
            "Logs",
            keep_days=env.edge.access_log_days,
            reader=names.log_reader(env.name),
            protected=env.protected,
        )
        Alias(self, "Alias", domain=env.edge.domain, zone_id=env.edge.zone_id)
        outputs(
            self,
            {
                names.Output.CERTIFICATE: env.edge.certificate_arn or self._certificate(env).certificate_arn,
                names.Output.WEB_ACL: firewall.acl.attr_arn,
                names.Output.LOAD_BALANCER_LOGS: logs.bucket_name,
            },
        )

    def _certificate(self, env: Environment) -> acm.Certificate:
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=env.edge.zone_id, zone_name=env.edge.zone_name
        )
        return acm.Certificate(
            self,
            "Certificate",
            domain_name=env.edge.domain,
            validation=acm.CertificateValidation.from_dns(zone),
        )
