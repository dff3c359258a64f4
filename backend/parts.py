"""What `app` and `worker` both are made of: the parts that follow from the settings alone."""

from __future__ import annotations

import orjson

from backend.db.gate import PoolMetrics
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.domain.admissions import RoomKeys
from backend.domain.payments import PaymentProvider
from backend.domain.tokens import OrderTokens
from backend.features.orders.documents.qr import key_set
from backend.features.payments.free import FreeProvider
from backend.features.payments.psp import PspProvider
from backend.features.payments.stripe import StripeProvider
from backend.messaging.aws import AwsOptions
from backend.settings import Settings
from backend.telemetry.logs import LogOptions
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise


async def database(settings: Settings, name: str, metrics: PoolMetrics | None = None) -> Database:
    """The pool of one process. name: as pg_stat_activity shows it."""
    options = DatabaseOptions(
        dsn=settings.database_url, application_name=f"aegistickets-{name}", maxsize=settings.db_pool_size
    )
    return await Database.open(options, metrics)


async def checking_database(settings: Settings) -> Database:
    """One connection with time to spare, for statements that read every table and that no customer waits for."""
    return await Database.open(
        DatabaseOptions(
            dsn=settings.database_url,
            application_name="aegistickets-check",
            maxsize=1,
            gate_timeout=30.0,
            lock_timeout=10.0,
            statement_timeout=120.0,
            client_timeout=130.0,
        )
    )


def metrics(settings: Settings) -> Metrics:
    """Every metric of the contract, with the series that this shop can have."""
    sinks = {"postgres": ("mail",), "sns": ("sns",)}[settings.events]
    made = Metrics(load_promise(), providers=(settings.payment_provider,), sinks=sinks)
    made.pool.size.set(settings.db_pool_size)
    return made


def provider(settings: Settings) -> PaymentProvider:
    """The configured way to be paid."""
    match settings.payment_provider:
        case "test":
            return PspProvider(
                settings.psp_url or "",
                api_key=settings.psp_api_key,
                webhook_secret=settings.psp_webhook_secret,
                webhook_url=settings.webhook_url,
            )
        case "stripe":
            return StripeProvider(
                secret_key=settings.stripe_secret_key,
                webhook_secret=settings.stripe_webhook_secret,
                api_url=settings.stripe_api_url,
            )
        case "free":
            return FreeProvider()


def aws_options(settings: Settings) -> AwsOptions:
    """How AWS is reached."""
    return AwsOptions(region=settings.aws_region, endpoint_url=settings.aws_endpoint_url)


def tokens(settings: Settings) -> OrderTokens:
    """The keys to the orders."""
    return OrderTokens([settings.secret_key, *settings.old_secret_keys])


def room_keys(settings: Settings) -> RoomKeys:
    """What signs places in a waiting room and admissions."""
    return RoomKeys([settings.secret_key, *settings.old_secret_keys])


def ticket_keys(settings: Settings) -> str:
    """The public keys by which doors verify tickets, as JSON, the one in force first."""
    keys = key_set([settings.secret_key, *settings.old_secret_keys])
    return orjson.dumps(keys, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def log_options(settings: Settings) -> LogOptions:
    """How this process logs."""
    return LogOptions(level=settings.log_level, format=settings.log_format, sample=settings.log_sample)
