import json

import pytest

from cdk import names
from cdk.stacks.observability import NO_LOAD_BALANCER
from tests.cdk.assembly import Assembly, Resource, Template, text_of


@pytest.fixture
def stack(assembly: Assembly) -> Template:
    return assembly[names.Stack.OBSERVABILITY]


def alarm(assembly: Assembly, name: str) -> Resource:
    stack = assembly[names.Stack.OBSERVABILITY]
    return stack.only("CloudWatch::Alarm", AlarmName=f"{names.prefix(assembly.env.name)}-{name}")


WATCHED = {
    "load-balancer-5xx": ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer"),
    "pods-5xx": ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer"),
    "pods-unreachable": ("AWS/ApplicationELB", "TargetConnectionErrorCount", "LoadBalancer"),
    "database-cpu": ("AWS/RDS", "CPUUtilization", "DBInstanceIdentifier"),
    "database-storage": ("AWS/RDS", "FreeStorageSpace", "DBInstanceIdentifier"),
    "database-connections": ("AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier"),
    "database-memory": ("AWS/RDS", "FreeableMemory", "DBInstanceIdentifier"),
    "dead-letters": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
    "letters-late": ("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName"),
    "mail-bounces": ("AWS/SES", "Reputation.BounceRate", None),
    "mail-complaints": ("AWS/SES", "Reputation.ComplaintRate", None),
}
# Seconds between two values, as AWS's documentation of each service has it: over a shorter period most are missing, and
# what is missing is no trouble.
PUBLISHED = {metric: 3600 if namespace == "AWS/SES" else 60 for namespace, metric, _ in WATCHED.values()} | {
    "CPUCreditBalance": 300
}

AT_LEAST, AT_MOST = "GreaterThanOrEqualToThreshold", "LessThanOrEqualToThreshold"
# From which value on, and after how many minutes. Of the two that follow the environment's size, see below.
FIRES = {
    "load-balancer-5xx": (AT_LEAST, 10, 3, "Sum"),
    "pods-5xx": (AT_LEAST, 50, 5, "Sum"),
    "pods-unreachable": (AT_LEAST, 20, 3, "Sum"),
    "database-cpu": (AT_LEAST, 80, 10, "Average"),
    "database-storage": (AT_MOST, None, 15, "Minimum"),
    "database-connections": (AT_LEAST, None, 5, "Maximum"),
    "database-memory": (AT_MOST, 2**28, 15, "Minimum"),
    "database-credits": (AT_MOST, 30, 10, "Minimum"),
    "dead-letters": (AT_LEAST, 1, 1, "Maximum"),
    "letters-late": (AT_LEAST, 600, 5, "Maximum"),
    "mail-bounces": (AT_LEAST, 0.05, 60, "Maximum"),
    "mail-complaints": (AT_LEAST, 0.001, 60, "Maximum"),
}


@pytest.mark.parametrize("name", list(FIRES))
def test_an_alarm_fires_at_its_value_after_its_minutes_of_values_that_there_are(dev: Assembly, name: str) -> None:
    """In dev, which has them all; they differ between environments by size alone."""
    comparison, threshold, minutes, statistic = FIRES[name]
    found = alarm(dev, name)
    assert found["ComparisonOperator"] == comparison
    assert threshold is None or found["Threshold"] == threshold
    assert found["EvaluationPeriods"] * found["Period"] == minutes * 60
    assert "DatapointsToAlarm" not in found.properties
    assert found["Statistic"] == statistic
    assert found["TreatMissingData"] == "notBreaching"


def test_no_alarm_asks_for_values_more_often_than_there_are_any_nor_for_more_than_a_day(assembly: Assembly) -> None:
    for each in assembly.resources("CloudWatch::Alarm"):
        assert each["Period"] >= PUBLISHED[each["MetricName"]], each["AlarmName"]
        assert 1 <= each["EvaluationPeriods"] <= 86_400 // each["Period"]


@pytest.mark.parametrize("name", list(WATCHED))
def test_trouble_outside_the_cluster_is_reported_when_it_begins_and_when_it_ends(
    assembly: Assembly, stack: Template, name: str
) -> None:
    found = alarm(assembly, name)
    namespace, metric, dimension = WATCHED[name]
    assert (found["Namespace"], found["MetricName"], found["Period"]) == (namespace, metric, PUBLISHED[metric])
    assert [each["Name"] for each in found.properties.get("Dimensions", [])] == ([dimension] if dimension else [])
    (topic,) = stack.all("SNS::Topic")
    assert found["AlarmActions"] == found["OKActions"] == [{"Ref": topic.id}]
    assert len(found["AlarmDescription"]) > 40


def test_a_burstable_database_reports_when_its_credits_run_out(dev: Assembly, prod: Assembly) -> None:
    assert dev.env.database.instance.startswith("t")
    assert alarm(dev, "database-credits")["MetricName"] == "CPUCreditBalance"
    assert not prod.env.database.instance.startswith("t")
    assert len(prod[names.Stack.OBSERVABILITY].all("CloudWatch::Alarm")) == len(WATCHED)


def test_connections_are_reported_above_what_pods_may_plan_and_below_what_the_server_has(assembly: Assembly) -> None:
    most = assembly.env.database.max_connections
    assert 0.7 * most < alarm(assembly, "database-connections")["Threshold"] < most


def test_a_volume_that_should_have_grown_and_did_not_is_reported_while_there_is_room(assembly: Assembly) -> None:
    """RDS lets it grow when a tenth is left, of what it is by then; at its largest a tenth never comes back."""
    found = alarm(assembly, "database-storage")
    assert found["ComparisonOperator"] == "LessThanOrEqualToThreshold"
    assert 2**30 < found["Threshold"] < assembly.env.database.storage * 2**30 * 0.1
    assert "database.max_storage" in found["AlarmDescription"]


def test_one_dead_letter_is_enough(assembly: Assembly) -> None:
    assert (alarm(assembly, "dead-letters")["Threshold"], alarm(assembly, "dead-letters")["EvaluationPeriods"]) == (
        1,
        1,
    )
    assert "DeadLetters" in json.dumps(alarm(assembly, "dead-letters")["Dimensions"])


def test_the_load_balancer_is_named_once_there_is_one(stack: Template, assembly: Assembly) -> None:
    parameter = str(names.Parameter.LOAD_BALANCER_NAME)
    assert stack.body["Parameters"][parameter]["Default"] == NO_LOAD_BALANCER
    (dimension,) = alarm(assembly, "load-balancer-5xx")["Dimensions"]
    assert dimension["Value"] == {"Ref": parameter}


def test_a_failover_and_a_standby_in_trouble_are_told_by_the_database_itself(stack: Template) -> None:
    subscription = stack.only("RDS::EventSubscription")
    assert {"failover", "failure", "read replica", "availability", "low storage"} <= set(
        subscription["EventCategories"]
    )
    assert subscription["SourceType"] == "db-instance"
    assert subscription["SnsTopicArn"] == {"Ref": stack.only("SNS::Topic").id}
    assert stack.only("SNS::TopicPolicy").id in subscription.waits_for  # RDS tries the topic while it makes this


def test_alarms_reach_the_address_of_the_settings(assembly: Assembly, stack: Template) -> None:
    subscription = stack.only("SNS::Subscription")
    assert subscription["TopicArn"] == {"Ref": stack.only("SNS::Topic").id}
    assert stack.only("SNS::TopicPolicy")["Topics"] == [{"Ref": stack.only("SNS::Topic").id}]
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", assembly.env.monitoring.alarm_address)


@pytest.mark.parametrize("reporter", ["cloudwatch.amazonaws.com", "events.rds.amazonaws.com"])
def test_whoever_reports_may_publish_and_encrypt(assembly: Assembly, stack: Template, reporter: str) -> None:
    statements = stack.only("SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = [each for each in statements if each["Effect"] == "Allow"]
    assert reporter in allowed["Principal"]["Service"]
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {"StringEquals": {"aws:SourceAccount": assembly.env.account}}
    key = stack.only("KMS::Key")["KeyPolicy"]["Statement"]
    assert stack.only("SNS::Topic")["KmsMasterKeyId"]["Fn::GetAtt"][0] == stack.only("KMS::Key").id
    (encrypt,) = [each for each in key if reporter in json.dumps(each["Principal"])]
    assert encrypt["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert encrypt["Condition"] == {"StringEquals": {"aws:SourceAccount": assembly.env.account}}


def test_alertmanager_may_publish_to_the_same_people(assembly: Assembly, stack: Template) -> None:
    (policy,) = stack.all("IAM::Policy")
    publish, encrypt = policy["PolicyDocument"]["Statement"]
    assert (publish["Action"], publish["Resource"]) == ("sns:Publish", {"Ref": stack.only("SNS::Topic").id})
    assert encrypt["Resource"]["Fn::GetAtt"][0] == stack.only("KMS::Key").id
    _, role = assembly[names.Stack.PLATFORM].identity(names.ALERTMANAGER)
    (holder,) = policy["Roles"]
    assert role.id in holder["Fn::GetStackOutput"]["OutputName"]


def test_the_dashboard_shows_everything_that_is_watched(assembly: Assembly, stack: Template) -> None:
    board = stack.only("CloudWatch::Dashboard")
    assert board["DashboardName"] == names.prefix(assembly.env.name)
    body = text_of(board["DashboardBody"])
    assert all(metric in body for _, metric, _ in WATCHED.values())
