"""What the load balancer turns away before it reaches a pod."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from cdk.constructs.retention import days

# Lists that AWS keeps. A rule in `counted` only counts: it would turn away what we want.
_MANAGED = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    # Webhooks of payment providers are larger than its 8 KiB; the service has a limit of its own.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
}


# Files of the page, which nginx hands out at no cost, and payment providers, who report all they know of from a few
# addresses and whom the service limits no more than this does.
_FILES, _WEBHOOKS = "/assets/", "^/api/payments/[^/]+/webhook$"


class Firewall(Construct):
    """One address gets so many requests in five minutes; known attackers and attacks get none."""

    def __init__(
        self, scope: Construct, construct_id: str, *, name: str, requests_per_5_minutes: int, log_days: int
    ) -> None:
        super().__init__(scope, construct_id)
        managed = [_managed(number, group, counted) for number, (group, counted) in enumerate(_MANAGED.items(), 1)]
        self.acl = waf.CfnWebACL(
            self,
            "Acl",
            name=name,
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible(name),
            rules=[_rate(requests_per_5_minutes), *managed],
        )
        # The firewall writes to groups of this prefix only.
        group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"aws-waf-logs-{name}",
            retention=days(log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        waf.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.acl.attr_arn,
            log_destination_configs=[group.log_group_arn],
            # Order links carry their token in the query.
            redacted_fields=[
                {"singleHeader": {"Name": "authorization"}},
                {"singleHeader": {"Name": "cookie"}},
                {"queryString": {}},
            ],
        )


def _rate(limit: int) -> waf.CfnWebACL.RuleProperty:
    return waf.CfnWebACL.RuleProperty(
        name="rate",
        priority=0,
        action=waf.CfnWebACL.RuleActionProperty(
            block=waf.CfnWebACL.BlockActionProperty(
                custom_response=waf.CfnWebACL.CustomResponseProperty(response_code=429)
            )
        ),
        statement=waf.CfnWebACL.StatementProperty(
            rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP", limit=limit, evaluation_window_sec=300, scope_down_statement=_counted()
            )
        ),
        visibility_config=_visible("rate"),
    )


def _counted() -> waf.CfnWebACL.StatementProperty:
    """What counts for its address: every request but these."""
    path = waf.CfnWebACL.FieldToMatchProperty(uri_path={})
    as_it_is = [waf.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")]
    assets = waf.CfnWebACL.StatementProperty(
        byte_match_statement=waf.CfnWebACL.ByteMatchStatementProperty(
            field_to_match=path,
            positional_constraint="STARTS_WITH",
            search_string=_FILES,
            text_transformations=as_it_is,
        )
    )
    webhooks = waf.CfnWebACL.StatementProperty(
        regex_match_statement=waf.CfnWebACL.RegexMatchStatementProperty(
            field_to_match=path, regex_string=_WEBHOOKS, text_transformations=as_it_is
        )
    )
    either = waf.CfnWebACL.OrStatementProperty(statements=[assets, webhooks])
    return waf.CfnWebACL.StatementProperty(
        not_statement=waf.CfnWebACL.NotStatementProperty(statement=waf.CfnWebACL.StatementProperty(or_statement=either))
    )


def _managed(priority: int, group: str, counted: tuple[str, ...]) -> waf.CfnWebACL.RuleProperty:
    overrides = [
        waf.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=waf.CfnWebACL.RuleActionProperty(count={}))
        for rule in counted
    ]
    return waf.CfnWebACL.RuleProperty(
        name=group,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=waf.CfnWebACL.StatementProperty(
            managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS", name=group, rule_action_overrides=overrides or None
            )
        ),
        visibility_config=_visible(group),
    )


def _visible(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    # Samples show whole addresses, with the key of an order in them, and nothing can be redacted there.
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
