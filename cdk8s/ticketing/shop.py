"""What every process of the backend's image is told, and the names by which its parts reach each other."""

from __future__ import annotations

from cdk import names
from cdk.images import BACKEND_PORT, DATABASE_CA, METRICS_PORT, PAYMENTS_PORT
from cdk.names import Output
from ticketing.inputs import Inputs
from ticketing.pods import Files

BACKEND, WORKER, FRONTEND, PAYMENTS = "backend", "worker", "frontend", "payments"
MIGRATION, ROTATION, PRESCALING, PROBE = "migration", str(names.ServiceAccount.ROTATION), "prescaling", "probe"
HTTP, METRICS = "http", "metrics"  # names of ports

APPLICATION_SECRET, PAYMENT_SECRET = "application", "payment-keys"
LOGIN_SECRET, OWNER_SECRET = "database-login", "database-owner"
HEARTBEAT_SECRET, HEARTBEAT_URL = "heartbeat", "HEARTBEAT_URL"
LOGIN_FILE, SERVICE_FILE = "login.json", "service.conf"

_SECRETS = "/run/secrets"
_SERVICE = "login"  # of libpq's service file, which has one alone
PROMETHEUS = f"http://{names.MONITORING}-prometheus.{names.MONITORING}:9090"  # as its chart calls it


def sells_for_real(inputs: Inputs) -> bool:
    """Whether real money is taken; else the test provider plays the bank."""
    return inputs.env.name == "prod"


def database(inputs: Inputs, secret: str) -> dict[str, str]:
    """User and password stand in a file that is read at each connection, so that a rotation needs no restart."""
    host, port = inputs[Output.DATABASE_HOST], inputs[Output.DATABASE_PORT]
    options = f"service={_SERVICE}&sslmode=verify-full&sslrootcert={DATABASE_CA}"
    return {
        "DATABASE_URL": f"postgresql://{host}:{port}/{names.DATABASE}?{options}",
        "PGSERVICEFILE": f"{_SECRETS}/{secret}/{SERVICE_FILE}",
    }


def login_files(secret: str, *more: str) -> Files:
    """The file of the above. more: other files of the same secret."""
    return Files(secret=secret, path=f"{_SECRETS}/{secret}", items={each: each for each in (SERVICE_FILE, *more)})


def login_path(secret: str) -> str:
    return f"{_SECRETS}/{secret}/{LOGIN_FILE}"


def login_template() -> dict[str, str]:
    """Of libpq's service file, from user and password."""
    return {SERVICE_FILE: f"[{_SERVICE}]\nuser={{{{ .username }}}}\npassword={{{{ .password }}}}\n"}


def common(inputs: Inputs) -> dict[str, str]:
    """Of serve and worker alike; they read each other's links and payments."""
    env = inputs.env
    provider = "stripe" if sells_for_real(inputs) else "test"
    return {
        "ENVIRONMENT": env.name,
        "PUBLIC_URL": env.public_url,
        "PORT": str(BACKEND_PORT),
        "METRICS_PORT": str(METRICS_PORT),
        "TRUSTED_HOPS": "1",  # the load balancer
        "PAYMENT_PROVIDER": provider,
        **({} if sells_for_real(inputs) else _test_payments()),
        "EVENTS": "sns",
        "SNS_TOPIC_ARN": inputs[Output.TOPIC],
        "SQS_QUEUE_URL": inputs[Output.MAIL_QUEUE],
        "SES": "on",
        "MAIL_FROM": f"tickets@{env.edge.domain}",
        "AWS_REGION": env.region,
        **database(inputs, LOGIN_SECRET),
    }


def _test_payments() -> dict[str, str]:
    return {"PSP_URL": f"http://{PAYMENTS}:{PAYMENTS_PORT}", "WEBHOOK_BASE_URL": f"http://{BACKEND}:{BACKEND_PORT}"}
