"""Names that several sides must agree on: stacks, manifests, scripts and pipelines. `env` is dev or prod."""

from __future__ import annotations

from enum import StrEnum

PRODUCT = "aegistickets"
MONITORING = "monitoring"  # namespace of Prometheus and Grafana
MONITORING_PRIORITY = "monitoring"  # a Kubernetes priority class
KUBE_SYSTEM = "kube-system"
SECRETS_NAMESPACE = "external-secrets"

IMAGES = ("backend", "frontend")
DATABASE = "tickets"
DATABASE_OWNER = "tickets_owner"
DATABASE_ROLE = "tickets_app"  # owns nothing; the two logins that take turns are its members
DATABASE_LOGINS = (f"{DATABASE_ROLE}_a", f"{DATABASE_ROLE}_b")
STORAGE_CLASS = "gp3"
SECRETS_VERSION = "tickets/secrets"  # an annotation of pods: the versions of those that became variables
SECRET_STORE = "aws-secrets-manager"  # noqa: S105 - the name of a ClusterSecretStore
GRAFANA = "grafana"  # its service, in the namespace above
GRAFANA_SECRET = "grafana-admin"  # noqa: S105 - the name of a Kubernetes secret
ALERTMANAGER = f"{MONITORING}-alertmanager"  # service account, as the chart calls it
PRESCALER = "tickets-prescaler"  # a Kubernetes cluster role: to raise how many pods an autoscaler keeps at least
DEPLOYERS = "tickets-deployers"  # Kubernetes group of the role that pipelines deploy with


class Stack(StrEnum):
    """The stacks of an environment, in the order in which they are deployed."""

    NETWORK = "network"
    REGISTRY = "registry"
    DATABASE = "database"
    CLUSTER = "cluster"
    PLATFORM = "platform"
    EDGE = "edge"
    MESSAGING = "messaging"
    OBSERVABILITY = "observability"
    DELIVERY = "delivery"


class ServiceAccount(StrEnum):
    """Kubernetes service accounts of the application that have an AWS role, by Pod Identity."""

    BACKEND = "backend"
    WORKER = "worker"
    ROTATION = "rotation"  # of the CronJob that gives the application a new password


class Secret(StrEnum):
    """What Secrets Manager keeps, below the environment's own prefix. See docs/secrets.md for what is in each."""

    APPLICATION = "application"
    DATABASE_LOGIN = "database/login"
    PAYMENTS = "payments"
    GRAFANA = "grafana"


class Output(StrEnum):
    """Keys of the stacks' outputs, as `cdk deploy --outputs-file` writes them: {stack: {key: value}}."""

    CLUSTER_NAME = "ClusterName"
    CLUSTER_ADMIN_ROLE = "ClusterAdminRoleArn"
    BACKEND_REPOSITORY = "BackendRepositoryUri"
    FRONTEND_REPOSITORY = "FrontendRepositoryUri"
    DATABASE_HOST = "DatabaseHost"
    DATABASE_PORT = "DatabasePort"
    DATABASE_OWNER_SECRET = "DatabaseOwnerSecretArn"  # noqa: S105 - the name of an output
    PUBLIC_SUBNETS = "PublicSubnetCidrs"
    DATA_SUBNETS = "DataSubnetCidrs"
    CERTIFICATE = "CertificateArn"
    WEB_ACL = "WebAclArn"
    LOAD_BALANCER_LOGS = "LoadBalancerLogsBucket"
    TOPIC = "TopicArn"
    MAIL_QUEUE = "MailQueueUrl"
    MAIL_CONFIGURATION = "MailConfigurationSet"
    ALARM_TOPIC = "AlarmTopicArn"
    PLAN_ROLE = "PlanRoleArn"
    PUSH_ROLE = "PushRoleArn"
    DEPLOY_ROLE = "DeployRoleArn"


class Parameter(StrEnum):
    """Parameters of stacks: what is known only after the application's Ingress has its load balancer."""

    LOAD_BALANCER_DNS = "LoadBalancerDns"  # of the edge stack
    LOAD_BALANCER_ZONE = "LoadBalancerZone"  # of the edge stack
    LOAD_BALANCER_NAME = "LoadBalancerName"  # of the observability stack: the end of its ARN, app/NAME/ID


STACK_OF: dict[Output, Stack] = {
    Output.PUBLIC_SUBNETS: Stack.NETWORK,
    Output.DATA_SUBNETS: Stack.NETWORK,
    Output.BACKEND_REPOSITORY: Stack.REGISTRY,
    Output.FRONTEND_REPOSITORY: Stack.REGISTRY,
    Output.DATABASE_HOST: Stack.DATABASE,
    Output.DATABASE_PORT: Stack.DATABASE,
    Output.DATABASE_OWNER_SECRET: Stack.DATABASE,
    Output.CLUSTER_NAME: Stack.CLUSTER,
    Output.CLUSTER_ADMIN_ROLE: Stack.CLUSTER,
    Output.CERTIFICATE: Stack.EDGE,
    Output.WEB_ACL: Stack.EDGE,
    Output.LOAD_BALANCER_LOGS: Stack.EDGE,
    Output.TOPIC: Stack.MESSAGING,
    Output.MAIL_QUEUE: Stack.MESSAGING,
    Output.MAIL_CONFIGURATION: Stack.MESSAGING,
    Output.ALARM_TOPIC: Stack.OBSERVABILITY,
    Output.PLAN_ROLE: Stack.DELIVERY,
    Output.PUSH_ROLE: Stack.DELIVERY,
    Output.DEPLOY_ROLE: Stack.DELIVERY,
}


def prefix(env: str) -> str:
    """What everything of an environment is called after."""
    return f"tickets-{env}"


def namespace(env: str) -> str:
    """Where the application runs in the cluster."""
    return prefix(env)


def stack(env: str, which: Stack) -> str:
    return f"{prefix(env)}-{which}"


def cluster(env: str) -> str:
    return prefix(env)


def administrator(env: str) -> str:
    """The IAM role that people take on to administer the cluster."""
    return f"{prefix(env)}-administrator"


def database(env: str) -> str:
    """The instance in RDS."""
    return prefix(env)


def log_reader(env: str) -> str:
    """The IAM role that people take on to read the load balancer's log."""
    return f"{prefix(env)}-log-reader"


def repository(env: str, image: str) -> str:
    """In ECR; lower case, as it must be."""
    return f"{prefix(env)}/{image}"


def secret(env: str, which: Secret) -> str:
    """In Secrets Manager."""
    return f"{prefix(env)}/{which}"


def load_balancer(env: str) -> str:
    """Of the one load balancer that the application's Ingress asks for."""
    return prefix(env)
