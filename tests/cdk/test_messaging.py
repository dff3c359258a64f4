import json

import pytest

from backend.features.mail.composer import WANTS
from backend.messaging.sinks.mail import MailSink
from backend.messaging.sqs import VISIBILITY_MARGIN
from cdk import names
from tests.cdk.assembly import Assembly, Resource, Template, text_of


@pytest.fixture
def stack(assembly: Assembly) -> Template:
    return assembly[names.Stack.MESSAGING]


@pytest.fixture
def letters(assembly: Assembly, stack: Template) -> Resource:
    return stack.only("SQS::Queue", QueueName=f"{names.prefix(assembly.env.name)}-letters")


@pytest.fixture
def dead_letters(assembly: Assembly, stack: Template) -> Resource:
    return stack.only("SQS::Queue", QueueName=f"{names.prefix(assembly.env.name)}-letters-dead-letters")


def actions(stack: Template, role: Resource) -> set[str]:
    found = [each["Action"] for each in stack.statements(role)]
    return {action for each in found for action in ([each] if isinstance(each, str) else each)}


def test_topic_and_queues_are_encrypted_with_keys_of_ours_that_change(
    stack: Template, letters: Resource, dead_letters: Resource
) -> None:
    keys = {each.id for each in stack.all("KMS::Key")}
    assert all(each["EnableKeyRotation"] is True for each in stack.all("KMS::Key"))
    assert stack.only("SNS::Topic")["KmsMasterKeyId"]["Fn::GetAtt"][0] in keys
    assert {each["KmsMasterKeyId"]["Fn::GetAtt"][0] for each in (letters, dead_letters)} <= keys


def test_the_topic_and_no_other_may_put_events_into_the_encrypted_queue(stack: Template, letters: Resource) -> None:
    """Without the key's permission SNS drops events, and nobody is told."""
    topic = {"Ref": stack.only("SNS::Topic").id}
    (key,) = [each for each in stack.all("KMS::Key") if each.id == letters["KmsMasterKeyId"]["Fn::GetAtt"][0]]
    (use,) = [each for each in key["KeyPolicy"]["Statement"] if each["Principal"] == {"Service": "sns.amazonaws.com"}]
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= set(use["Action"])
    assert use["Condition"] == {"ArnEquals": {"aws:SourceArn": topic}}
    (policy,) = [each for each in stack.all("SQS::QueuePolicy") if each["Queues"] == [{"Ref": letters.id}]]
    (send,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert (send["Action"], send["Condition"]) == ("sqs:SendMessage", {"ArnEquals": {"aws:SourceArn": topic}})


def test_nobody_talks_to_topic_or_queues_without_tls(stack: Template) -> None:
    policies = [*stack.all("SNS::TopicPolicy"), *stack.all("SQS::QueuePolicy")]
    assert len(policies) == 3
    held = [json.dumps(policy.properties.get("Topics") or policy["Queues"]) for policy in policies]
    assert sorted(held) == sorted(
        json.dumps([{"Ref": each.id}]) for each in [*stack.all("SNS::Topic"), *stack.all("SQS::Queue")]
    )
    for policy in policies:
        assert any(
            each["Effect"] == "Deny" and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            for each in policy["PolicyDocument"]["Statement"]
        )


def test_the_queue_gets_exactly_the_events_that_letters_are_written_for(stack: Template, letters: Resource) -> None:
    subscription = stack.only("SNS::Subscription")
    assert subscription["Protocol"] == "sqs"
    assert subscription["TopicArn"] == {"Ref": stack.only("SNS::Topic").id}
    assert subscription["Endpoint"] == {"Fn::GetAtt": [letters.id, "Arn"]}
    assert set(subscription["FilterPolicy"]) == {"type"}
    assert set(subscription["FilterPolicy"]["type"]) == set(WANTS)
    assert subscription["RawMessageDelivery"] is True


def test_what_fails_five_times_is_kept_for_two_weeks(
    stack: Template, letters: Resource, dead_letters: Resource
) -> None:
    assert letters["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [dead_letters.id, "Arn"]},
        "maxReceiveCount": 5,
    }
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert dead_letters.id in json.dumps(stack.only("SNS::Subscription")["RedrivePolicy"])


def test_a_message_stays_hidden_for_as_long_as_a_worker_may_need(letters: Resource) -> None:
    assert letters["VisibilityTimeout"] >= MailSink.timeout + VISIBILITY_MARGIN


def test_the_domain_of_letters_is_proven_by_records_in_its_zone(assembly: Assembly, stack: Template) -> None:
    identity = stack.only("SES::EmailIdentity")
    assert identity["EmailIdentity"] == assembly.env.edge.domain
    assert identity["MailFromAttributes"]["MailFromDomain"] == f"bounce.{assembly.env.edge.domain}"
    records = [(each["Type"], each["HostedZoneId"]) for each in stack.all("Route53::RecordSet")]
    assert sorted(kind for kind, _ in records) == ["CNAME"] * 3 + ["MX", "TXT", "TXT"]
    assert {zone for _, zone in records} == {assembly.env.edge.zone_id}
    proofs = [each for each in stack.all("Route53::RecordSet") if each["Type"] == "CNAME"]
    for number, proof in enumerate(proofs, 1):
        assert proof["Name"] == {"Fn::GetAtt": [identity.id, f"DkimDNSTokenName{number}"]}
        assert proof["ResourceRecords"] == [{"Fn::GetAtt": [identity.id, f"DkimDNSTokenValue{number}"]}]


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("MX", "bounce.", "10 feedback-smtp.eu-west-1.amazonses.com"),
        ("TXT", "bounce.", '"v=spf1 include:amazonses.com -all"'),
        ("TXT", "_dmarc.", '"v=DMARC1; p=quarantine"'),
    ],
)
def test_whoever_gets_a_letter_can_see_that_it_is_ours(
    assembly: Assembly, stack: Template, kind: str, name: str, value: str
) -> None:
    record = stack.only("Route53::RecordSet", Type=kind, Name=f"{name}{assembly.env.edge.domain}")
    assert record["ResourceRecords"] == [value]


def test_letters_travel_encrypted_and_bounces_are_counted_and_not_repeated(assembly: Assembly, stack: Template) -> None:
    configuration = stack.only("SES::ConfigurationSet", Name=names.prefix(assembly.env.name))
    assert configuration["DeliveryOptions"]["TlsPolicy"] == "REQUIRE"
    assert configuration["ReputationOptions"] == {"ReputationMetricsEnabled": True}
    assert set(configuration["SuppressionOptions"]["SuppressedReasons"]) == {"BOUNCE", "COMPLAINT"}
    assert stack.only("SES::EmailIdentity")["ConfigurationSetAttributes"] == {
        "ConfigurationSetName": {"Ref": configuration.id}
    }


def test_the_worker_publishes_consumes_and_sends_and_nothing_else(assembly: Assembly, stack: Template) -> None:
    association, role = stack.identity(names.ServiceAccount.WORKER)
    assert association["Namespace"] == names.namespace(assembly.env.name)
    assert actions(stack, role) == {
        "sns:Publish",
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "ses:SendEmail",
        "ses:SendRawEmail",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    }
    assert '"*"' not in json.dumps(stack.statements(role))


def test_letters_go_out_under_the_shops_own_address_only(assembly: Assembly, stack: Template) -> None:
    _, role = stack.identity(names.ServiceAccount.WORKER)
    (send,) = [each for each in stack.statements(role) if "ses:SendEmail" in each["Action"]]
    assert send["Condition"] == {"StringEquals": {"ses:FromAddress": f"tickets@{assembly.env.edge.domain}"}}


def test_letters_reach_verified_people_while_the_account_is_in_the_sandbox(assembly: Assembly, stack: Template) -> None:
    """There SES asks for leave to use the recipient's identity as well, which no template knows."""
    _, role = stack.identity(names.ServiceAccount.WORKER)
    (send,) = [each for each in stack.statements(role) if "ses:SendEmail" in each["Action"]]
    ends = {text_of(each).partition(":ses:")[2] for each in send["Resource"]}
    place = f"{assembly.env.region}:{assembly.env.account}"
    assert ends == {f"{place}:identity/*", f"{place}:configuration-set/…"}


def test_the_backend_may_do_nothing_in_aws(stack: Template) -> None:
    _, role = stack.identity(names.ServiceAccount.BACKEND)
    assert stack.statements(role) == []
    assert "ManagedPolicyArns" not in role.properties


@pytest.mark.parametrize("account", list(names.ServiceAccount))
def test_a_role_is_for_the_pods_of_one_service_account(
    assembly: Assembly, stack: Template, account: names.ServiceAccount
) -> None:
    _, role = stack.identity(account)
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert set(statement["Action"]) == {"sts:AssumeRole", "sts:TagSession"}
    assert statement["Condition"]["StringEquals"] == {
        "aws:RequestTag/kubernetes-namespace": names.namespace(assembly.env.name),
        "aws:RequestTag/kubernetes-service-account": str(account),
    }
