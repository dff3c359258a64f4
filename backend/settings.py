"""What the service is started with: environment variables, read once, checked, and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from backend.web.parsing import Form

Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, Form(r"https?://[^\s/]+(/\S*)?", "an address such as https://tickets.example.com")]
Secret = Annotated[str, StringConstraints(min_length=16)]
Address = Annotated[str, Form(r"[^@\s]+@[^@\s]+", "an e-mail address")]
DatabaseUrl = Annotated[str, Form(r"postgres(ql)?://\S+", "an address such as postgresql://user@host/tickets")]
SmtpUrl = Annotated[str, Form(r"smtps?://\S+", "an address such as smtp://user@host:587")]

# Where strangers can come, one client is kept from taking it all, unless a variable says otherwise.
_FACING_CUSTOMERS = ("dev", "prod")
_LIMITS = {"limit_requests_per_second": 20, "limit_tickets_per_address": 60, "limit_holds_per_customer": 5}


class SettingsError(Exception):
    """Names each variable that is wrong and what was expected of it."""


class Settings(BaseModel):
    """The service's settings; each field is the environment variable of the same name in capitals."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    environment: Literal["local", "test", "dev", "prod"] = "local"
    host: str = "0.0.0.0"  # noqa: S104 - a container's port; `make up` binds to 127.0.0.1
    port: Port = 8080
    metrics_port: Port = 9102
    public_url: Url = "http://localhost:8080"
    secret_key: Secret
    old_secret_keys: tuple[Secret, ...] = ()  # still believed, so that links that are out go on working
    static_dir: Path | None = None
    trusted_hops: Annotated[int, Field(ge=0, le=10)] = 0
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 0  # between the signal to stop and no longer listening
    max_in_flight: Annotated[int, Field(ge=1, le=100_000)] = 4000
    event_loop: Literal["uvloop", "asyncio"] = "uvloop"

    database_url: DatabaseUrl
    db_pool_size: Annotated[int, Field(ge=2, le=100)] = 10

    hold_seconds: Annotated[int, Field(ge=1, le=86_400)] = 600
    pay_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    limit_requests_per_second: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0  # from one address; 0: no limit
    limit_tickets_per_address: Annotated[int, Field(ge=0)] = 0
    limit_holds_per_customer: Annotated[int, Field(ge=0)] = 0

    payment_provider: Literal["free", "test", "stripe"] = "free"
    psp_url: Url | None = None
    psp_api_key: str = ""
    psp_webhook_secret: str = ""
    webhook_base_url: Url | None = None  # where the provider reaches this shop, when that is not public_url
    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    stripe_api_url: Url = "https://api.stripe.com"

    mail_from: Address = "tickets@tickets.example.com"
    mail_reply_to: Address | None = None  # read by a person; letters about failed refunds ask for an answer
    mailbox_dir: Path = Path("mailbox")
    smtp_url: SmtpUrl | None = None
    ses: bool = False
    events: Literal["postgres", "sns"] = "postgres"
    sns_topic_arn: str = ""
    sqs_queue_url: str = ""
    aws_region: str = "eu-west-1"
    aws_endpoint_url: Url | None = None

    prometheus_url: Url | None = None  # whose records of slo/out/rules.yaml the status shows

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "text"] = "json"
    log_sample: Annotated[float, Field(ge=0, le=1)] = 0.01  # of ordinary requests; failures and slow ones have theirs

    @field_validator("old_secret_keys", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return tuple(filter(None, value.split(","))) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.payment_provider == "test" and self.environment == "prod":
            raise ValueError("PAYMENT_PROVIDER=test moves no money and is refused with ENVIRONMENT=prod")
        if self.payment_provider == "test" and not (self.psp_url and self.psp_api_key and self.psp_webhook_secret):
            raise ValueError("PAYMENT_PROVIDER=test needs PSP_URL, PSP_API_KEY and PSP_WEBHOOK_SECRET")
        if self.payment_provider == "stripe" and not (self.stripe_secret_key and self.stripe_webhook_secret):
            raise ValueError("PAYMENT_PROVIDER=stripe needs STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET")
        if self.events == "sns" and not (self.sns_topic_arn and self.sqs_queue_url):
            raise ValueError("EVENTS=sns needs SNS_TOPIC_ARN and SQS_QUEUE_URL")
        if self.port == self.metrics_port:
            raise ValueError("PORT and METRICS_PORT must differ")
        return self

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """The settings of this process; an empty variable counts as unset. SettingsError lists all that is wrong."""
        given: dict[str, object] = {
            name: environ[name.upper()] for name in cls.model_fields if environ.get(name.upper())
        }
        if given.get("environment") in _FACING_CUSTOMERS:
            given = {**_LIMITS, **given}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise SettingsError("; ".join(_fault(e["loc"], e["type"], e["msg"]) for e in error.errors())) from None

    @property
    def hold_time(self) -> timedelta:
        return timedelta(seconds=self.hold_seconds)

    @property
    def pay_within(self) -> timedelta:
        return timedelta(seconds=self.pay_seconds)

    @property
    def webhook_url(self) -> str:
        """Where the payment provider reports to."""
        base = self.webhook_base_url or self.public_url
        return f"{base.rstrip('/')}/api/payments/{self.payment_provider}/webhook"


def _fault(place: tuple[int | str, ...], kind: str, message: str) -> str:
    """One fault, without the value: it may be a secret."""
    name = str(place[0]).upper() if place else ""
    if kind == "missing":
        return f"{name} is not set"
    text = message.removeprefix("Value error, ")
    for opening in ("Input should", "String should", "Must"):
        text = text.replace(opening, "must")
    return f"{name} {text}" if name else text
