"""Mail to customers through SES."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from constructs import Construct


class Mail(Construct):
    """The domain that letters come from, proven by records in its zone, and what becomes of them, counted."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, domain: str, zone_id: str) -> None:
        super().__init__(scope, construct_id)
        self._zone_id = zone_id
        self.sender = f"tickets@{domain}"
        self.configuration = ses.ConfigurationSet(
            self,
            "Configuration",
            configuration_set_name=name,
            reputation_metrics=True,
            suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
            tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
        )
        bounces = f"bounce.{domain}"
        self.identity = ses.EmailIdentity(
            self,
            "Identity",
            identity=ses.Identity.domain(domain),
            configuration_set=self.configuration,
            mail_from_domain=bounces,
        )
        for number, record in enumerate(self.identity.dkim_records, 1):
            self._record(f"Dkim{number}", "CNAME", record.name, record.value)
        region = Stack.of(self).region
        self._record("BouncesTo", "MX", bounces, f"10 feedback-smtp.{region}.amazonses.com")
        self._record("BouncesFrom", "TXT", bounces, '"v=spf1 include:amazonses.com -all"')
        self._record("Policy", "TXT", f"_dmarc.{domain}", '"v=DMARC1; p=quarantine"')

    def _record(self, construct_id: str, kind: str, name: str, value: str) -> None:
        route53.CfnRecordSet(
            self,
            construct_id,
            name=name,
            type=kind,
            ttl="1800",
            hosted_zone_id=self._zone_id,
            resource_records=[value],
        )
