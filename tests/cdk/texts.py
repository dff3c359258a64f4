"""Texts of the templates keep to what the services take: a wrong sign is refused only while a stack is being made.

Most services publish length and pattern of what they take with their APIs. Where they say it in their documentation
alone, it is said again here.
"""

import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.model import ListShape, Shape, StructureShape

# What makes a resource of a type: the service and its operation.
OPERATIONS = {
    "CertificateManager::Certificate": ("acm", "RequestCertificate"),
    "CloudWatch::Alarm": ("cloudwatch", "PutMetricAlarm"),
    "CodeBuild::Project": ("codebuild", "CreateProject"),
    "EC2::LaunchTemplate": ("ec2", "CreateLaunchTemplate"),
    "ECR::Repository": ("ecr", "CreateRepository"),
    "EKS::AccessEntry": ("eks", "CreateAccessEntry"),
    "EKS::Addon": ("eks", "CreateAddon"),
    "EKS::Cluster": ("eks", "CreateCluster"),
    "EKS::Nodegroup": ("eks", "CreateNodegroup"),
    "EKS::PodIdentityAssociation": ("eks", "CreatePodIdentityAssociation"),
    "IAM::OIDCProvider": ("iam", "CreateOpenIDConnectProvider"),
    "IAM::Policy": ("iam", "PutRolePolicy"),
    "IAM::Role": ("iam", "CreateRole"),
    "KMS::Key": ("kms", "CreateKey"),
    "Lambda::Function": ("lambda", "CreateFunction"),
    "Lambda::LayerVersion": ("lambda", "PublishLayerVersion"),
    "Logs::LogGroup": ("logs", "CreateLogGroup"),
    "RDS::DBInstance": ("rds", "CreateDBInstance"),
    "Route53::RecordSet": ("route53", "ChangeResourceRecordSets"),
    "SES::ConfigurationSet": ("sesv2", "CreateConfigurationSet"),
    "SES::EmailIdentity": ("sesv2", "CreateEmailIdentity"),
    "SSM::Parameter": ("ssm", "PutParameter"),
    "SecretsManager::Secret": ("secretsmanager", "CreateSecret"),
    "WAFv2::WebACL": ("wafv2", "CreateWebACL"),
}
SENTENCE = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}"  # of EC2, which knows no apostrophe
WORD = r"[\w-]{1,80}"
DOCUMENTED = {
    "EC2::SecurityGroup": {"GroupDescription": SENTENCE, "Description": SENTENCE, "GroupName": SENTENCE},
    "EC2::SecurityGroupIngress": {"Description": SENTENCE},
    "EC2::SecurityGroupEgress": {"Description": SENTENCE},
    "RDS::DBInstance": {"DBInstanceIdentifier": r"[a-z](-?[a-z0-9]){0,62}", "DBName": r"[a-zA-Z]\w{0,62}"},
    "RDS::DBParameterGroup": {"Description": r"[ -~]{1,255}"},
    "RDS::DBSubnetGroup": {"DBSubnetGroupDescription": r"[ -~]{1,255}"},
    "SNS::Topic": {"TopicName": WORD, "DisplayName": r"[ -~]{0,100}"},
    "SQS::Queue": {"QueueName": WORD},
    "SecretsManager::Secret": {"Name": r"[\w/+=.@-]{1,505}"},  # seven more are AWS's own ending
    "CloudWatch::Dashboard": {"DashboardName": r"[\w-]{1,255}"},
}
API = botocore.session.get_session()


def refused(kind: str, properties: dict[str, Any]) -> list[str]:
    """What of a resource its service would not take, by the path of the setting. kind: with or without AWS::."""
    kind = kind.removeprefix("AWS::")
    written = [*_documented(properties, DOCUMENTED.get(kind, {}))]
    if kind in OPERATIONS:
        service, operation = OPERATIONS[kind]
        shape = API.get_service_model(service).operation_model(operation).input_shape
        written += _published(shape, properties)
    return [f"{path}: {text!r}" for path, text, fits in written if not fits]


def _published(shape: Shape | None, value: Any, path: str = "") -> Iterator[tuple[str, str, bool]]:
    """Every literal text that the operation takes by the same name, and whether length and pattern are right."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        members = {name.casefold(): member for name, member in shape.members.items()}
        for name, each in value.items():
            yield from _published(members.get(name.casefold()), each, f"{path}.{name}".lstrip("."))
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for number, each in enumerate(value):
            yield from _published(shape.member, each, f"{path}[{number}]")
    elif shape is not None and shape.type_name == "string" and isinstance(value, str):
        limits = shape.metadata
        # Written for Java, of which Python knows all but the classes of Unicode.
        pattern = limits.get("pattern", ".*").replace(r"\p{L}\p{Z}\p{N}", r"\w\s")
        fits = limits.get("min", 0) <= len(value) <= limits.get("max", len(value))
        yield path, value, fits and re.fullmatch(pattern, value, re.DOTALL) is not None


def _documented(value: Any, known: dict[str, str], path: str = "") -> Iterator[tuple[str, str, bool]]:
    """The same of settings by their names, wherever they stand in the resource."""
    for name, each in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(each, str) and name in known:
            yield f"{path}{name}", each, re.fullmatch(known[name], each, re.ASCII) is not None
        elif isinstance(each, dict | list):
            yield from _documented(each, known, f"{path}{name}.")
