"""What the service is started with: environment variables, read once, checked, and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from backend.web.parsing import EmailAddress, Form

Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, Form(r"https?://[^\s/]+(/\S*)?", "an address such as https://tickets.example.com")]
Secret = Annotated[str, StringConstraints(min_length=16)]
DatabaseUrl = Annotated[str, Form(r"postgres(ql)?://\S+", "an address such as postgresql://user@host/tickets")]
SmtpUrl = Annotated[str, Form(r"smtps?://\S+", "an address such as smtp://user@host:587")]

# Where strangers can come, one client is kept from taking it all, unless a variable says otherwise.
FACING_CUSTOMERS = ("dev", "prod")
LIMITS = {
    "limit_requests_per_second": 20,
    "limit_tickets_per_address": 60,
    "limit_holds_per_customer": 5,
    "limit_streams_per_address": 50,
    "limit_places_per_address": 50,
}


class SettingsError(Exception):
    """Names each variable that is wrong and what was expected of it."""


class Settings(BaseModel):
    """The service's settings; each field is the environment variable of the same name in capitals.

    What is said of each goes into docs/settings.md: `python -m backend settings`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    environment: Literal["local", "test", "dev", "prod"] = "local"
    """`dev` and `prod` face strangers, so one client is limited; `prod` refuses demo data and the test provider."""
    host: str = "0.0.0.0"  # noqa: S104 - a container's port; `make up` binds to 127.0.0.1
    """Address to listen on."""
    port: Port = 8080
    """Port of the shop."""
    metrics_port: Port = 9102
    """Port of `/metrics`; another one for each process of a machine."""
    public_url: Url = "http://localhost:8080"
    """Where customers find the shop. Links in letters begin with it; with `https`, cookies are secure."""
    secret_key: Secret
    """Signs links to orders and tickets; at least 16 characters. Whoever has it opens every order."""
    old_secret_keys: tuple[Secret, ...] = ()
    """Former secrets, separated by commas: links and tickets that are out go on working (docs/door.md)."""
    static_dir: Path | None = None
    """The built front end, served by this process; not set, something in front serves it."""
    trusted_hops: Annotated[int, Field(ge=0, le=10)] = 0
    """How many proxies in front add to `X-Forwarded-For`, so that a client's address can be believed."""
    drain_seconds: Annotated[float, Field(ge=0, le=300)] = 0
    """Seconds from the signal to stop until it no longer listens, for load balancers to look elsewhere."""
    max_in_flight: Annotated[int, Field(ge=1, le=100_000)] = 4000
    """Requests at a time; more are answered 503 at once."""

    database_url: DatabaseUrl
    """The PostgreSQL, such as `postgresql://user:password@host/tickets`."""
    db_pool_size: Annotated[int, Field(ge=2, le=100)] = 10
    """Connections of each process to it."""

    hold_seconds: Annotated[int, Field(ge=1, le=86_400)] = 600
    """Seconds for which tickets are held."""
    pay_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    """Seconds that a customer has on the provider's page."""
    limit_requests_per_second: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    """Requests a second from one address; 0: no limit."""
    limit_tickets_per_address: Annotated[int, Field(ge=0)] = 0
    """Tickets that one address may hold at a time; 0: no limit."""
    limit_holds_per_customer: Annotated[int, Field(ge=0)] = 0
    """Baskets that one customer may hold at a time; 0: no limit."""
    limit_streams_per_address: Annotated[int, Field(ge=0)] = 0
    """Live streams that one address may have open at a time, of each process; 0: no limit."""

    limit_places_per_address: Annotated[int, Field(ge=0)] = 0
    """Places that one address may have in an event's waiting room at a time; 0: no limit."""
    waiting_room_gather_seconds: Annotated[int, Field(ge=0, le=86_400)] = 1800
    """Seconds before a sale from which on places are taken, where everybody is to wait."""
    admission_seconds: Annotated[int, Field(ge=1, le=3600)] = 300
    """Seconds in which whoever was admitted holds tickets."""

    payment_provider: Literal["free", "test", "stripe"] = "free"
    """Who takes the money: nobody, as everything is free; the test provider below; Stripe."""
    psp_url: Url | None = None
    """Where the shop reaches the test provider."""
    psp_api_key: str = ""
    """What the shop is known by at the test provider."""
    psp_webhook_secret: str = ""
    """Signs what the test provider reports."""
    webhook_base_url: Url | None = None
    """Where the provider reaches this shop, when that is not `PUBLIC_URL`."""
    stripe_secret_key: str = ""
    """Stripe's secret key."""
    stripe_webhook_secret: str = ""
    """Stripe's signing secret of the webhook endpoint."""
    stripe_api_url: Url = "https://api.stripe.com"
    """Stripe's API, or a double of it."""

    mail_from: EmailAddress = "tickets@tickets.example.com"
    """Sender of all letters."""
    mail_reply_to: EmailAddress | None = None
    """Read by a person: letters about failed refunds ask for an answer."""
    mailbox_dir: Path = Path("mailbox")
    """Folder for letters when neither SMTP nor SES sends them."""
    smtp_url: SmtpUrl | None = None
    """Mail server: `smtp://user:password@host:587` (STARTTLS, demanded with a password) or `smtps://…`."""
    ses: bool = False
    """Send letters by Amazon SES; `SMTP_URL` comes first."""
    events: Literal["postgres", "sns"] = "postgres"
    """How events travel to the letters: by the database alone, or over SNS and SQS."""
    sns_topic_arn: str = ""
    """The topic that events are published to."""
    sqs_queue_url: str = ""
    """The queue of that topic which the worker reads."""
    aws_region: str = "eu-west-1"
    """Region of SES, SNS and SQS. Credentials come as AWS's tools find them."""
    aws_endpoint_url: Url | None = None
    """Another server than AWS's, for tests."""

    prometheus_url: Url | None = None
    """The Prometheus whose records of `slo/out/rules.yaml` the status shows."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """The least that is logged."""
    log_format: Literal["json", "text"] = "json"
    """For machines or for people."""
    log_sample: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of ordinary requests that are logged; failures and slow ones always are."""

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
        if given.get("environment") in FACING_CUSTOMERS:
            given = {**LIMITS, **given}
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
