"""What the service is started with: every variable is checked, and whoever set it wrong is told which and how."""

from datetime import timedelta
from typing import Any

import pytest

from backend.settings import Settings, SettingsError

SECRET = "a secret for tests only"
ENOUGH = {"SECRET_KEY": SECRET, "DATABASE_URL": "postgresql://user:hunter2@db.example.com/tickets"}


def settings(**variables: str) -> Settings:
    return Settings.from_env({**ENOUGH, **variables})


def complaint(**variables: str) -> str:
    """The line that these variables are refused with."""
    with pytest.raises(SettingsError) as caught:
        settings(**variables)
    return str(caught.value)


def test_a_secret_and_a_database_are_enough() -> None:
    made = settings()
    assert (made.environment, made.port, made.metrics_port, made.payment_provider) == ("local", 8080, 9102, "free")
    assert made.database_url == ENOUGH["DATABASE_URL"]


def test_what_must_be_set_is_named_all_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"PORT": "http"})
    assert str(caught.value) == (
        "PORT must be a valid integer, unable to parse string as an integer;"
        " SECRET_KEY is not set; DATABASE_URL is not set"
    )


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("ENVIRONMENT", "staging", "must be 'local', 'test', 'dev' or 'prod'"),
        ("PORT", "0", "must be greater than or equal to 1"),
        ("METRICS_PORT", "65536", "must be less than or equal to 65535"),
        ("PUBLIC_URL", "tickets.example.com", "must be an address such as https://tickets.example.com"),
        ("SECRET_KEY", "short", "must have at least 16 characters"),
        ("OLD_SECRET_KEYS", f"{SECRET},short", "must have at least 16 characters"),
        ("TRUSTED_HOPS", "-1", "must be greater than or equal to 0"),
        ("DRAIN_SECONDS", "nan", "must be less than or equal to 300"),
        ("MAX_IN_FLIGHT", "1.5", "must be a valid integer"),
        ("DATABASE_URL", "mysql://user:hunter2@host/tickets", "must be an address such as postgresql://"),
        ("DB_POOL_SIZE", "1", "must be greater than or equal to 2"),
        ("HOLD_SECONDS", "0", "must be greater than or equal to 1"),
        ("PAY_SECONDS", "ten", "must be a valid integer"),
        ("LIMIT_REQUESTS_PER_SECOND", "inf", "must be a finite number"),
        ("LIMIT_TICKETS_PER_ADDRESS", "-1", "must be greater than or equal to 0"),
        ("LIMIT_HOLDS_PER_CUSTOMER", "many", "must be a valid integer"),
        ("PROMETHEUS_URL", "prometheus:9090", "must be an address such as https://"),
        ("PAYMENT_PROVIDER", "cash", "must be 'free', 'test' or 'stripe'"),
        ("PSP_URL", "psp:8082", "must be an address such as https://"),
        ("WEBHOOK_BASE_URL", "/here", "must be an address such as https://"),
        ("STRIPE_API_URL", "stripe", "must be an address such as https://"),
        ("MAIL_FROM", "the shop", "must be an e-mail address"),
        ("SMTP_URL", "mail.example.com:25", "must be an address such as smtp://"),
        ("SES", "perhaps", "must be a valid boolean"),
        ("EVENTS", "kafka", "must be 'postgres' or 'sns'"),
        ("AWS_ENDPOINT_URL", "localhost", "must be an address such as https://"),
        ("LOG_LEVEL", "LOUD", "must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("LOG_FORMAT", "xml", "must be 'json' or 'text'"),
        ("LOG_SAMPLE", "nan", "must be less than or equal to 1"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_it(variable: str, value: str, expected: str) -> None:
    line = complaint(**{variable: value})
    assert line.startswith(f"{variable} {expected}")
    assert "\n" not in line


CHECKED_TOGETHER = [
    ({"PAYMENT_PROVIDER": "test", "ENVIRONMENT": "prod"}, "PAYMENT_PROVIDER=test moves no money and is refused"),
    ({"PAYMENT_PROVIDER": "test"}, "PAYMENT_PROVIDER=test needs PSP_URL, PSP_API_KEY and PSP_WEBHOOK_SECRET"),
    ({"PAYMENT_PROVIDER": "stripe"}, "PAYMENT_PROVIDER=stripe needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET"),
    ({"EVENTS": "sns", "SNS_TOPIC_ARN": "arn:aws:sns:eu-west-1:1:t"}, "EVENTS=sns needs SNS_TOPIC_ARN and SQS_QUEUE"),
    ({"PORT": "9102"}, "PORT and METRICS_PORT must differ"),
]


@pytest.mark.parametrize(("variables", "expected"), CHECKED_TOGETHER)
def test_what_does_not_go_together_is_refused(variables: dict[str, str], expected: str) -> None:
    assert complaint(**variables).startswith(expected)


def test_the_test_provider_is_refused_in_production_however_complete_its_settings() -> None:
    psp = {"PSP_URL": "http://psp", "PSP_API_KEY": "key", "PSP_WEBHOOK_SECRET": "secret", "PAYMENT_PROVIDER": "test"}
    assert "refused with ENVIRONMENT=prod" in complaint(ENVIRONMENT="prod", **psp)
    assert settings(ENVIRONMENT="dev", **psp).payment_provider == "test"


@pytest.mark.parametrize("variable", [name.upper() for name in Settings.model_fields])
def test_no_complaint_repeats_a_value_for_it_may_be_a_secret(variable: str) -> None:
    wrong = {variable: "hunter2 \t", "METRICS_PORT": "hunter2"}
    with pytest.raises(SettingsError) as caught:
        settings(**wrong)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__  # pydantic's own error shows every value


def test_an_empty_variable_counts_as_unset() -> None:
    empty = {name.upper(): "" for name in Settings.model_fields if name not in {"secret_key", "database_url"}}
    assert settings(**empty) == settings()
    assert complaint(SECRET_KEY="") == "SECRET_KEY is not set"


def test_variables_of_others_are_none_of_our_business() -> None:
    assert settings(HOME="/root", PORTS="8080", port="1") == settings()


def test_settings_do_not_change_after_the_start() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings().port = 1  # type: ignore[misc] # the point of the test


@pytest.mark.parametrize(("environment", "limited"), [("local", False), ("test", False), ("dev", True), ("prod", True)])
def test_one_client_is_limited_where_strangers_can_come(environment: str, limited: bool) -> None:  # noqa: FBT001 - a column of the table
    made = settings(ENVIRONMENT=environment)
    limits = [getattr(made, name) for name in type(made).model_fields if name.startswith("limit_")]
    assert [limit > 0 for limit in limits] == [limited] * 5
    assert settings(ENVIRONMENT=environment, LIMIT_REQUESTS_PER_SECOND="0").limit_requests_per_second == 0


def test_old_secrets_are_a_list() -> None:
    assert settings(OLD_SECRET_KEYS=f"{SECRET},{SECRET}2,").old_secret_keys == (SECRET, f"{SECRET}2")


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "http://localhost:8080/api/payments/free/webhook"),
        ({"PUBLIC_URL": "https://t.example.com/"}, "https://t.example.com/api/payments/free/webhook"),
        ({"WEBHOOK_BASE_URL": "http://inside:8080"}, "http://inside:8080/api/payments/free/webhook"),
    ],
)
def test_the_provider_reports_to_where_it_reaches_the_shop(variables: dict[str, Any], expected: str) -> None:
    assert settings(**variables).webhook_url == expected


def test_times_are_seconds() -> None:
    made = settings(HOLD_SECONDS="90", PAY_SECONDS="60")
    assert (made.hold_time, made.pay_within) == (timedelta(seconds=90), timedelta(minutes=1))
