import json

import pytest

from cdk import names
from cdk.constructs.postgres import INSIGHTS_MODES
from cdk.settings.database import INSIGHTS
from tests.cdk.assembly import Assembly, Resource, Template, text_of


@pytest.fixture
def stack(assembly: Assembly) -> Template:
    return assembly[names.Stack.DATABASE]


@pytest.fixture
def database(stack: Template) -> Resource:
    return stack.only("RDS::DBInstance")


def test_a_standby_waits_in_another_zone(database: Resource) -> None:
    assert database["MultiAZ"] is True


def test_the_version_is_pinned_to_a_minor_one_and_moves_by_a_commit_only(
    assembly: Assembly, database: Resource
) -> None:
    assert database["Engine"] == "postgres"
    assert database["EngineVersion"] == assembly.env.database.version == "18.3"
    assert database["AutoMinorVersionUpgrade"] is False
    assert database["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"


def test_class_and_storage_are_those_of_the_settings_and_storage_can_grow(
    assembly: Assembly, database: Resource
) -> None:
    settings = assembly.env.database
    assert database["DBInstanceClass"] == f"db.{settings.instance}"
    assert database["StorageType"] == "gp3"
    assert (int(database["AllocatedStorage"]), database["MaxAllocatedStorage"]) == (
        settings.storage,
        settings.max_storage,
    )


def test_the_owners_password_belongs_to_rds_which_changes_it(stack: Template, database: Resource) -> None:
    assert database["ManageMasterUserPassword"] is True
    assert database["MasterUsername"] == names.DATABASE_OWNER
    assert "MasterUserPassword" not in database.properties
    assert database["MasterUserSecret"]["KmsKeyId"]["Fn::GetAtt"][0] == stack.only("KMS::Key").id
    assert "MasterUserSecret.SecretArn" in json.dumps(stack.body["Outputs"][str(names.Output.DATABASE_OWNER_SECRET)])


def test_the_application_has_a_login_of_its_own_whose_password_nobody_has_seen(stack: Template) -> None:
    secret = stack.only("SecretsManager::Secret")
    made = secret["GenerateSecretString"]
    assert json.loads(made["SecretStringTemplate"]) == {"username": names.DATABASE_LOGINS[0]}
    assert (made["GenerateStringKey"], made["PasswordLength"]) == ("password", 48)
    assert secret["KmsKeyId"]["Fn::GetAtt"][0] == stack.only("KMS::Key").id


def test_the_login_can_be_rotated_by_the_cronjob_and_by_nobody_else(assembly: Assembly) -> None:
    messaging = assembly[names.Stack.MESSAGING]
    _, role = messaging.identity(names.ServiceAccount.ROTATION)
    actions = {action for each in messaging.statements(role) for action in _list(each["Action"])}
    assert actions == {
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "kms:Decrypt",
        "kms:GenerateDataKey",
    }
    writers = [
        statement
        for _, template in assembly
        for policy in template.all("IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "secretsmanager:PutSecretValue" in _list(statement["Action"])
    ]
    assert len(writers) == 1


def test_connections_without_tls_are_refused(stack: Template, database: Resource) -> None:
    assert stack.only("RDS::DBParameterGroup")["Parameters"]["rds.force_ssl"] == "1"
    assert database["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"


def test_the_server_takes_as_many_connections_as_the_pods_were_planned_for(assembly: Assembly, stack: Template) -> None:
    parameters = stack.only("RDS::DBParameterGroup")
    assert parameters["Parameters"]["max_connections"] == str(assembly.env.database.max_connections)
    assert parameters["Family"] == "postgres18"


def test_lock_waits_and_statistics_are_recorded(stack: Template, database: Resource) -> None:
    parameters = stack.only("RDS::DBParameterGroup")["Parameters"]
    assert parameters["log_lock_waits"] == "1"
    assert parameters["shared_preload_libraries"] == "pg_stat_statements"
    assert parameters["password_encryption"] == "scram-sha-256"
    assert parameters["idle_in_transaction_session_timeout"] == "60000"  # what forgot its transaction blocks nobody
    assert database["EnableCloudwatchLogsExports"] == ["postgresql", "upgrade"]


def test_the_log_quotes_no_statement_and_no_row_since_customers_data_stands_in_them(stack: Template) -> None:
    parameters = stack.only("RDS::DBParameterGroup")["Parameters"]
    assert parameters["log_min_duration_statement"] == "-1"
    assert parameters["log_min_error_statement"] == "panic"
    assert parameters["log_error_verbosity"] == "terse"
    assert not {"log_statement", "log_min_duration_sample"} & set(parameters)


@pytest.mark.parametrize("kind", ["postgresql", "upgrade"])
def test_its_logs_are_there_before_it_and_end_when_the_settings_say(
    assembly: Assembly, stack: Template, database: Resource, kind: str
) -> None:
    group = stack.only("Logs::LogGroup", LogGroupName=f"/aws/rds/instance/{database['DBInstanceIdentifier']}/{kind}")
    assert group["RetentionInDays"] == assembly.env.database.log_days
    assert group.id in database.waits_for
    assert group.stays if assembly.env.protected else group.body["DeletionPolicy"] == "Delete"


def test_its_logs_are_encrypted_with_its_key_which_is_theirs_alone(stack: Template) -> None:
    key, groups = stack.only("KMS::Key"), stack.all("Logs::LogGroup")
    assert [each["KmsKeyId"]["Fn::GetAtt"][0] for each in groups] == [key.id, key.id]
    logs = [each for each in key["KeyPolicy"]["Statement"] if "logs." in json.dumps(each["Principal"])]
    named = [text_of(each["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]) for each in logs]
    assert [name.partition("log-group:")[2] for name in named] == [each["LogGroupName"] for each in groups]
    for each in logs:
        assert set(each["Action"]) == {
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        }


def test_performance_insights_and_enhanced_monitoring_are_on(assembly: Assembly, database: Resource) -> None:
    kept = (database["DatabaseInsightsMode"], database["PerformanceInsightsRetentionPeriod"])
    assert kept == (("advanced", 465) if assembly.env.database.insights_months else ("standard", 7))
    assert database["EnablePerformanceInsights"] is True
    assert database["MonitoringInterval"] == 60


def test_every_length_of_query_statistics_that_the_settings_take_has_its_mode() -> None:
    assert set(INSIGHTS_MODES) == set(INSIGHTS)


def test_everything_is_encrypted_with_a_key_of_ours(stack: Template, database: Resource) -> None:
    key = stack.only("KMS::Key")
    assert database["StorageEncrypted"] is True
    assert database["KmsKeyId"]["Fn::GetAtt"][0] == key.id
    assert database["PerformanceInsightsKMSKeyId"]["Fn::GetAtt"][0] == key.id


def test_backups_and_maintenance_come_while_few_people_buy_and_never_at_once(database: Resource) -> None:
    assert database["PreferredBackupWindow"] == "02:00-03:00"
    assert database["PreferredMaintenanceWindow"] == "tue:03:30-tue:04:30"


def test_backups_are_kept_as_long_as_the_settings_say(assembly: Assembly, database: Resource) -> None:
    assert database["BackupRetentionPeriod"] == assembly.env.database.backup_days
    assert database["CopyTagsToSnapshot"] is True


def test_the_parameters_and_the_name_of_the_database_are_in_force(stack: Template, database: Resource) -> None:
    assert database["DBParameterGroupName"] == {"Ref": stack.only("RDS::DBParameterGroup").id}
    assert database["DBName"] == names.DATABASE


def test_it_begins_no_connection_itself(stack: Template) -> None:
    (rule,) = stack.only("EC2::SecurityGroup")["SecurityGroupEgress"]
    assert rule["CidrIp"] == "255.255.255.255/32"  # nowhere: CloudFormation takes an empty list for everywhere


def test_it_lives_in_the_data_subnets_and_has_no_public_address(stack: Template, database: Resource) -> None:
    assert database["PubliclyAccessible"] is False
    assert database["DBSubnetGroupName"] == {"Ref": stack.only("RDS::DBSubnetGroup").id}
    subnets = [json.dumps(each) for each in stack.only("RDS::DBSubnetGroup")["SubnetIds"]]
    assert len(subnets) == 3
    assert all("dataSubnet" in each for each in subnets)


def test_only_the_clusters_nodes_reach_it(assembly: Assembly, stack: Template, database: Resource) -> None:
    (group,) = stack.all("EC2::SecurityGroup")
    assert database["VPCSecurityGroups"] == [{"Fn::GetAtt": [group.id, "GroupId"]}]
    assert "SecurityGroupIngress" not in group.properties
    rules = [
        each for each in assembly.resources("EC2::SecurityGroupIngress") if group.id in json.dumps(each["GroupId"])
    ]
    assert len(rules) == 1
    (rule,) = rules
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 5432, 5432)
    cluster = assembly[names.Stack.CLUSTER].only("EKS::Cluster")
    assert rule["SourceSecurityGroupId"] == {"Fn::GetAtt": [cluster.id, "ClusterSecurityGroupId"]}
    assert "CidrIp" not in rule.properties


def test_what_sells_cannot_be_deleted_by_accident(prod: Assembly) -> None:
    database = prod[names.Stack.DATABASE].only("RDS::DBInstance")
    assert database["DeletionProtection"] is True
    assert database["DeleteAutomatedBackups"] is False
    assert database.stays


def test_the_group_of_subnets_stays_as_long_as_the_instance_that_is_in_it(stack: Template, database: Resource) -> None:
    assert stack.only("RDS::DBSubnetGroup").stays is database.stays


def test_what_is_thrown_away_leaves_a_snapshot(dev: Assembly) -> None:
    database = dev[names.Stack.DATABASE].only("RDS::DBInstance")
    assert database.body["DeletionPolicy"] == database.body["UpdateReplacePolicy"] == "Snapshot"


def test_what_outlives_it_can_still_be_read(stack: Template, database: Resource) -> None:
    """A snapshot without its key is lost: keys go for good a week or a month after their stack."""
    assert database.stays or database.body["DeletionPolicy"] == "Snapshot"
    assert stack.only("KMS::Key").stays


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
