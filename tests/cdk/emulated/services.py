"""Types whose service moto emulates, while its CloudFormation does not know them or leaves half of them out."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from tests.cdk.emulated.api import Place, without
from tests.cdk.emulated.resource import Asked, Made


def secret(place: Place, asked: Asked) -> Made:
    properties = asked.properties
    generate = properties.get("GenerateSecretString")
    if generate is not None:
        properties = {**without(properties, "GenerateSecretString"), "SecretString": _generated(place, generate)}
    arn = place.call("secretsmanager", "create_secret", {"Name": asked.name, **properties})["ARN"]
    forget = partial(place.client("secretsmanager").delete_secret, SecretId=arn, ForceDeleteWithoutRecovery=True)
    return Made(arn, forget)


def _generated(place: Place, how: dict[str, Any]) -> str:
    settings = without(how, "GenerateStringKey", "SecretStringTemplate")
    word: str = place.call("secretsmanager", "get_random_password", settings)["RandomPassword"]
    if "GenerateStringKey" not in how:
        return word
    return json.dumps({**json.loads(how["SecretStringTemplate"]), how["GenerateStringKey"]: word})


def subscription(place: Place, asked: Asked) -> Made:
    direct = ("TopicArn", "Protocol", "Endpoint")
    attributes = {name: _text(value) for name, value in without(asked.properties, *direct).items()}
    to = {name: asked.properties[name] for name in direct}
    sns = place.client("sns")
    arn = sns.subscribe(**to, Attributes=attributes, ReturnSubscriptionArn=True)["SubscriptionArn"]
    return Made(arn, partial(sns.unsubscribe, SubscriptionArn=arn))


def topic_policy(place: Place, asked: Asked) -> Made:
    sns = place.client("sns")
    for topic in asked.properties["Topics"]:
        sns.set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=_text(asked.properties["PolicyDocument"])
        )
    return Made(asked.name, _goes_with_its_owner)


def queue_policy(place: Place, asked: Asked) -> Made:
    policy = _text(asked.properties["PolicyDocument"])
    for queue in asked.properties["Queues"]:
        place.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    return Made(asked.name, _goes_with_its_owner)


def bucket_policy(place: Place, asked: Asked) -> Made:
    bucket = asked.properties["Bucket"]
    place.client("s3").put_bucket_policy(Bucket=bucket, Policy=_text(asked.properties["PolicyDocument"]))
    return Made(bucket, partial(place.client("s3").delete_bucket_policy, Bucket=bucket))


def oidc_provider(place: Place, asked: Asked) -> Made:
    arn = place.call("iam", "create_open_id_connect_provider", asked.properties)["OpenIDConnectProviderArn"]
    return Made(arn, partial(place.client("iam").delete_open_id_connect_provider, OpenIDConnectProviderArn=arn))


def firewall(place: Place, asked: Asked) -> Made:
    name = asked.properties.get("Name", asked.name)
    made = place.call("wafv2", "create_web_acl", asked.properties, Name=name)["Summary"]
    scope = asked.properties["Scope"]
    which = {"Name": name, "Scope": scope, "Id": made["Id"]}
    undo = partial(place.client("wafv2").delete_web_acl, **which, LockToken=made["LockToken"])
    return Made(f"{name}|{made['Id']}|{scope}", undo, {"Arn": made["ARN"]})


def firewall_log(place: Place, asked: Asked) -> Made:
    which = asked.properties["ResourceArn"]
    place.call("wafv2", "put_logging_configuration", {"LoggingConfiguration": asked.properties})
    return Made(which, partial(place.client("wafv2").delete_logging_configuration, ResourceArn=which))


def project(place: Place, asked: Asked) -> Made:
    """Its trigger is a webhook at the code's host: moto has none, so nothing is made of it."""
    name = asked.properties.get("Name", asked.name)
    made = place.call("codebuild", "create_project", without(asked.properties, "Triggers"), name=name)
    return Made(name, partial(place.client("codebuild").delete_project, name=name), {"Arn": made["project"]["arn"]})


def configuration_set(place: Place, asked: Asked) -> Made:
    name = asked.properties.get("Name", asked.name)
    place.call("sesv2", "create_configuration_set", without(asked.properties, "Name"), ConfigurationSetName=name)
    return Made(name, partial(place.client("sesv2").delete_configuration_set, ConfigurationSetName=name))


def sender(place: Place, asked: Asked) -> Made:
    """The domain that mail comes from. moto keeps no subdomain for bounces; its DKIM records are made up here."""
    domain = asked.properties["EmailIdentity"]
    configuration = asked.properties["ConfigurationSetAttributes"]
    place.call("sesv2", "create_email_identity", {"EmailIdentity": domain, **configuration})
    tokens = {f"DkimDNSTokenName{number}": f"token{number}._domainkey.{domain}" for number in (1, 2, 3)}
    values = {f"DkimDNSTokenValue{number}": f"token{number}.dkim.amazonses.com" for number in (1, 2, 3)}
    forget = partial(place.client("sesv2").delete_email_identity, EmailIdentity=domain)
    return Made(domain, forget, {**tokens, **values})


def certificate(place: Place, asked: Asked) -> Made:
    """CloudFormation writes the record that proves the domain into the zone named here; the API has no such thing."""
    settings = without(asked.properties, "DomainValidationOptions")
    arn = place.call("acm", "request_certificate", settings)["CertificateArn"]
    return Made(arn, partial(place.client("acm").delete_certificate, CertificateArn=arn))


def alarm(place: Place, asked: Asked) -> Made:
    name = asked.properties.get("AlarmName", asked.name)
    place.call("cloudwatch", "put_metric_alarm", asked.properties, AlarmName=name)
    arn = f"arn:aws:cloudwatch:{place.region}:{place.account}:alarm:{name}"
    return Made(name, partial(place.client("cloudwatch").delete_alarms, AlarmNames=[name]), {"Arn": arn})


def database(place: Place, asked: Asked) -> Made:
    """Moto's own reading of this type leaves out half of it: the managed password, protection, logs, insights."""
    name = asked.properties.get("DBInstanceIdentifier", asked.name).lower()
    # DeleteAutomatedBackups is asked at deletion; the others have other names in the API.
    left_out = ("DeleteAutomatedBackups", "DBInstanceIdentifier", "MasterUserSecret", "VPCSecurityGroups")
    rds = place.client("rds")
    made = place.call(
        "rds",
        "create_db_instance",
        without(asked.properties, *left_out),
        DBInstanceIdentifier=name,
        MasterUserSecretKmsKeyId=asked.properties["MasterUserSecret"]["KmsKeyId"],
        VpcSecurityGroupIds=asked.properties["VPCSecurityGroups"],
    )["DBInstance"]

    def undo() -> None:
        rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
        last = (
            {"FinalDBSnapshotIdentifier": f"{name}-final"}
            if asked.deletion == "Snapshot"
            else {"SkipFinalSnapshot": True}
        )
        rds.delete_db_instance(DBInstanceIdentifier=name, **last)

    attributes = {
        "DBInstanceArn": made["DBInstanceArn"],
        "Endpoint.Address": made["Endpoint"]["Address"],
        "Endpoint.Port": str(made["Endpoint"]["Port"]),
        "MasterUserSecret.SecretArn": made["MasterUserSecret"]["SecretArn"],
    }
    return Made(name, undo, attributes)


def database_events(place: Place, asked: Asked) -> Made:
    name = asked.properties.get("SubscriptionName", asked.name)
    place.call("rds", "create_event_subscription", asked.properties, SubscriptionName=name)
    return Made(name, partial(place.client("rds").delete_event_subscription, SubscriptionName=name))


def key(place: Place, asked: Asked) -> Made:
    """Moto's own reading of this type keeps the policy in a form that its KMS cannot read."""
    kms = place.client("kms")
    # Rotation is another call, and the days are for the deletion.
    settings = without(asked.properties, "EnableKeyRotation", "PendingWindowInDays", "KeyPolicy")
    made = place.call("kms", "create_key", settings, Policy=asked.properties["KeyPolicy"])["KeyMetadata"]
    which = made["KeyId"]
    if asked.properties.get("EnableKeyRotation"):
        kms.enable_key_rotation(KeyId=which)
    return Made(which, partial(kms.schedule_key_deletion, KeyId=which), {"Arn": made["Arn"]})


def layer(place: Place, asked: Asked) -> Made:
    """Moto's own reading of this type has no id that a function could name it by."""
    name = asked.properties.get("LayerName", asked.name)
    made = place.call("lambda", "publish_layer_version", asked.properties, LayerName=name)
    which = {"LayerName": name, "VersionNumber": made["Version"]}
    return Made(made["LayerVersionArn"], partial(place.client("lambda").delete_layer_version, **which))


def association(place: Place, asked: Asked) -> Made:
    """Moto's own reading of this type associates nothing."""
    ec2 = place.client("ec2")
    which = place.call("ec2", "associate_route_table", asked.properties)["AssociationId"]
    return Made(which, partial(ec2.disassociate_route_table, AssociationId=which))


def repository(place: Place, asked: Asked) -> Made:
    """Moto's own reading of this type forgets scanning and what expires."""
    ecr, name = place.client("ecr"), asked.properties.get("RepositoryName", asked.name)
    settings = without(asked.properties, "EmptyOnDelete", "LifecyclePolicy", "RepositoryPolicyText")
    made = place.call("ecr", "create_repository", settings, repositoryName=name)["repository"]
    if rules := asked.properties.get("LifecyclePolicy"):
        ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=rules["LifecyclePolicyText"])
    if policy := asked.properties.get("RepositoryPolicyText"):
        ecr.set_repository_policy(repositoryName=name, policyText=_text(policy))
    undo = partial(ecr.delete_repository, repositoryName=name, force=bool(asked.properties.get("EmptyOnDelete")))
    return Made(name, undo, {"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]})


def parameter(place: Place, asked: Asked) -> Made:
    """Moto's own reading of this type wants a name, which the CDK leaves to CloudFormation."""
    name = asked.properties.get("Name", asked.name)
    place.call("ssm", "put_parameter", asked.properties, Name=name)
    return Made(name, partial(place.client("ssm").delete_parameter, Name=name))


def record(place: Place, asked: Asked) -> Made:
    """Each by its name and type; in moto's own reading the first of a name takes the others with it."""
    zone = asked.properties["HostedZoneId"]
    entry = without(asked.properties, "HostedZoneId", "ResourceRecords")
    if values := asked.properties.get("ResourceRecords"):
        entry["ResourceRecords"] = [{"Value": value} for value in values]

    def change(action: str) -> None:
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": entry}]}
        place.call("route53", "change_resource_record_sets", {"HostedZoneId": zone, "ChangeBatch": batch})

    change("UPSERT")
    return Made(asked.properties["Name"], partial(change, "DELETE"))


def closed_default_group(place: Place, asked: Asked) -> Made:
    """What the CDK's function does: nothing may come or go by the security group that every VPC is born with."""
    ec2 = place.client("ec2")
    group = ec2.describe_security_groups(GroupIds=[asked.properties["DefaultSecurityGroupId"]])["SecurityGroups"][0]
    if group["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    if group["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    return Made(asked.name, _goes_with_its_owner)


def emptied_bucket(place: Place, asked: Asked) -> Made:
    """What the CDK's function does when the bucket is to go: all that is in it goes first."""
    s3, bucket = place.client("s3"), asked.properties["BucketName"]

    def undo() -> None:
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=each["Key"])

    return Made(asked.name, undo)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _goes_with_its_owner() -> None:
    """It is a part of another resource, which is on its way out too."""


MAKERS = {
    "AWS::CertificateManager::Certificate": certificate,
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::CodeBuild::Project": project,
    "AWS::EC2::SubnetRouteTableAssociation": association,
    "AWS::ECR::Repository": repository,
    "AWS::IAM::OIDCProvider": oidc_provider,
    "AWS::KMS::Key": key,
    "AWS::Lambda::LayerVersion": layer,
    "AWS::RDS::DBInstance": database,
    "AWS::RDS::EventSubscription": database_events,
    "AWS::Route53::RecordSet": record,
    "AWS::S3::BucketPolicy": bucket_policy,
    "AWS::SES::ConfigurationSet": configuration_set,
    "AWS::SES::EmailIdentity": sender,
    "AWS::SNS::Subscription": subscription,
    "AWS::SNS::TopicPolicy": topic_policy,
    "AWS::SQS::QueuePolicy": queue_policy,
    "AWS::SSM::Parameter": parameter,
    "AWS::SecretsManager::Secret": secret,
    "AWS::WAFv2::LoggingConfiguration": firewall_log,
    "AWS::WAFv2::WebACL": firewall,
    "Custom::S3AutoDeleteObjects": emptied_bucket,
    "Custom::VpcRestrictDefaultSG": closed_default_group,
}
