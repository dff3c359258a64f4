import json
import re
from pathlib import Path
from typing import Any

import pytest

from backend.features.payments import routes as payments
from backend.settings import LIMITS
from cdk import names
from tests.cdk.assembly import Assembly, Template, finish, start

CERTIFICATE = "arn:aws:acm:eu-west-1:111122223333:certificate/of-ours"
WITH_A_CERTIFICATE = f"""
import json
from dataclasses import replace
from aws_cdk import App
from cdk.settings import environment
from cdk.stacks.edge import EdgeStack
env, app = environment("dev"), App()
EdgeStack(app, env=replace(env, edge=replace(env.edge, certificate_arn="{CERTIFICATE}")))
print(json.dumps(app.synth().get_stack_by_name("tickets-dev-edge").template))
"""


@pytest.fixture
def stack(assembly: Assembly) -> Template:
    return assembly[names.Stack.EDGE]


def rules(stack: Template) -> dict[str, Any]:
    return {rule["Name"]: rule for rule in stack.only("WAFv2::WebACL")["Rules"]}


def test_the_certificate_is_for_the_shops_name_and_proven_by_its_zone(assembly: Assembly, stack: Template) -> None:
    certificate = stack.only("CertificateManager::Certificate")
    assert certificate["DomainName"] == assembly.env.edge.domain
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"][0]["HostedZoneId"] == assembly.env.edge.zone_id


def test_a_certificate_that_there_is_already_is_used_instead(tmp_path: Path) -> None:
    status, out, err = finish(start(tmp_path / "out", "-c", WITH_A_CERTIFICATE))
    assert status == 0, err
    template = json.loads(out)
    assert template["Outputs"][str(names.Output.CERTIFICATE)]["Value"] == CERTIFICATE
    assert not [each for each in template["Resources"].values() if "Certificate" in each["Type"]]


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_the_name_points_to_the_load_balancer_as_soon_as_there_is_one(
    assembly: Assembly, stack: Template, kind: str
) -> None:
    record = stack.only("Route53::RecordSet", Type=kind)
    assert record["Name"] == assembly.env.edge.domain
    assert record["AliasTarget"] == {
        "DNSName": {"Ref": str(names.Parameter.LOAD_BALANCER_DNS)},
        "HostedZoneId": {"Ref": str(names.Parameter.LOAD_BALANCER_ZONE)},
        "EvaluateTargetHealth": True,
    }
    condition = stack.body["Conditions"][record.body["Condition"]]
    assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": str(names.Parameter.LOAD_BALANCER_DNS)}, ""]}]}
    assert stack.body["Parameters"][str(names.Parameter.LOAD_BALANCER_DNS)]["Default"] == ""


def test_the_firewall_stands_before_a_load_balancer_and_lets_through_what_no_rule_stops(stack: Template) -> None:
    acl = stack.only("WAFv2::WebACL")
    assert acl["VisibilityConfig"]["CloudWatchMetricsEnabled"] is True
    assert acl["Scope"] == "REGIONAL"
    assert acl["DefaultAction"] == {"Allow": {}}


def test_one_address_gets_as_many_requests_as_the_settings_say_and_then_429(
    assembly: Assembly, stack: Template
) -> None:
    rule = rules(stack)["rate"]
    rate = rule["Statement"]["RateBasedStatement"]
    assert (rate["AggregateKeyType"], rate["EvaluationWindowSec"]) == ("IP", 300)
    assert rate["Limit"] == assembly.env.edge.requests_per_5_minutes
    assert rule["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 429


def test_the_rate_leaves_room_for_what_the_service_allows_one_address(stack: Template) -> None:
    """The firewall must not be the first to say no: it counts pages and web vitals as well, and 429s of the service."""
    allowed = LIMITS["limit_requests_per_second"] * 300
    assert rules(stack)["rate"]["Statement"]["RateBasedStatement"]["Limit"] >= 1.5 * allowed


PATHS = ("/api/basket", "/", "/api/payments/stripe", "/api/payments/stripe/webhook/more", "/api/assets/")
UNCOUNTED = ("/assets/index-4f2a.js", "/api/payments/stripe/webhook", "/api/payments/test/webhook")


@pytest.mark.parametrize("path", [*PATHS, *UNCOUNTED])
def test_files_of_the_page_and_what_payment_providers_report_do_not_count(stack: Template, path: str) -> None:
    """The service limits neither; and a provider reports a whole sale from a few addresses."""
    counted = rules(stack)["rate"]["Statement"]["RateBasedStatement"]["ScopeDownStatement"]
    assert _fits(counted, path) is (path in PATHS)


def test_the_path_that_does_not_count_is_the_one_that_providers_report_to() -> None:
    paths = [route.template for route in payments.routes if "webhook" in route.template]
    assert paths == ["/api/payments/{provider}/webhook"]


def test_known_attackers_and_attacks_are_stopped_but_large_webhooks_are_not(stack: Template) -> None:
    groups = {name: rule for name, rule in rules(stack).items() if name != "rate"}
    assert set(groups) == {
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
    }
    assert all(rule["OverrideAction"] == {"None": {}} for rule in groups.values())
    common = groups["AWSManagedRulesCommonRuleSet"]["Statement"]["ManagedRuleGroupStatement"]
    assert common["RuleActionOverrides"] == [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]


def test_the_firewalls_log_holds_no_key_to_an_order(stack: Template) -> None:
    logging = stack.only("WAFv2::LoggingConfiguration")
    assert {"QueryString": {}} in logging["RedactedFields"]
    assert {"SingleHeader": {"Name": "authorization"}} in logging["RedactedFields"]
    acl = stack.only("WAFv2::WebACL")
    shown = [each["VisibilityConfig"]["SampledRequestsEnabled"] for each in (acl.properties, *acl["Rules"])]
    assert set(shown) == {False}  # samples would show whole addresses
    assert stack.only("Logs::LogGroup")["LogGroupName"].startswith("aws-waf-logs-")


def test_the_load_balancer_logs_into_a_closed_bucket(assembly: Assembly, stack: Template) -> None:
    bucket = stack.only("S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == assembly.env.edge.access_log_days


def test_only_load_balancers_write_into_it_and_only_their_accounts_part(assembly: Assembly, stack: Template) -> None:
    statements = stack.only("S3::BucketPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = [each for each in statements if each["Effect"] == "Allow" and "s3:PutObject" in each["Action"]]
    assert allowed["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert f"/AWSLogs/{assembly.env.account}/*" in json.dumps(allowed["Resource"])
    refused = [each["Condition"] for each in statements if each["Effect"] == "Deny" and each["Action"] == "s3:*"]
    assert refused == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_one_role_reads_the_load_balancers_log_and_whoever_may_read_buckets_does_not(
    assembly: Assembly, stack: Template
) -> None:
    """The address of an order holds the key to it."""
    role = stack.only("IAM::Role", RoleName=names.log_reader(assembly.env.name))
    assert ":root" in json.dumps(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"])
    reading = [each for each in stack.only("S3::BucketPolicy")["PolicyDocument"]["Statement"] if _reads(each)]
    allowed, denied = sorted(reading, key=lambda each: str(each["Effect"]))
    assert allowed["Principal"] == {"AWS": {"Fn::GetAtt": [role.id, "Arn"]}}
    assert (denied["Effect"], denied["Principal"]) == ("Deny", {"AWS": "*"})
    assert denied["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": {"Fn::GetAtt": [role.id, "Arn"]}}}


def test_what_may_hold_keys_to_orders_is_not_kept_for_long(assembly: Assembly) -> None:
    assert assembly.env.edge.access_log_days <= 30


def test_no_part_of_a_log_that_was_never_finished_stays(assembly: Assembly) -> None:
    """Parts of an upload that was given up are in no list and cost for ever."""
    (rule,) = assembly[names.Stack.EDGE].only("S3::Bucket")["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


def test_the_bucket_is_emptied_before_it_goes_where_it_goes(dev: Assembly, prod: Assembly) -> None:
    """CloudFormation deletes no bucket that holds anything, and all that came before it would be half gone."""
    edge = dev[names.Stack.EDGE]
    emptied = edge.only("Custom::S3AutoDeleteObjects")
    assert emptied["BucketName"] == {"Ref": edge.only("S3::Bucket").id}
    assert emptied.waits_for == [edge.only("S3::BucketPolicy").id]
    assert prod[names.Stack.EDGE].all("Custom::S3AutoDeleteObjects") == []


def test_who_may_read_the_log_outlives_its_stack_with_it(prod: Assembly) -> None:
    """A bucket that stays without its policy is open to whoever may read buckets; without the role, to nobody."""
    edge = prod[names.Stack.EDGE]
    reader = edge.only("IAM::Role", RoleName=names.log_reader("prod"))
    assert reader.stays
    assert edge.only("S3::BucketPolicy", Bucket={"Ref": edge.only("S3::Bucket").id}).stays


def _fits(statement: dict[str, Any], path: str) -> bool:
    """Whether a statement of the firewall holds of a request to this path."""
    ((kind, body),) = statement.items()
    if kind == "NotStatement":
        return not _fits(body["Statement"], path)
    if kind == "OrStatement":
        return any(_fits(each, path) for each in body["Statements"])
    assert body["FieldToMatch"] == {"UriPath": {}}
    if kind == "ByteMatchStatement":
        assert body["PositionalConstraint"] == "STARTS_WITH"
        return path.startswith(body["SearchString"])
    return re.search(body["RegexString"], path) is not None


def _reads(statement: dict[str, Any]) -> bool:
    return bool(statement["Action"] == "s3:GetObject")
