"""Secrets, brought in from where they are kept."""

from __future__ import annotations

from cdk8s import Chart
from constructs import Construct

from cdk import names
from cdk.names import Output, Secret
from ticketing.custom import external_secret
from ticketing.inputs import Inputs
from ticketing.shop import (
    APPLICATION_SECRET,
    HEARTBEAT_SECRET,
    HEARTBEAT_URL,
    LOGIN_FILE,
    LOGIN_SECRET,
    OWNER_SECRET,
    PAYMENT_SECRET,
    login_template,
    sells_for_real,
)

_LOGIN = ("username", "password")
_LOGIN_JSON = '{"username": {{ .username | toJson }}, "password": {{ .password | toJson }}}'


class Secrets(Chart):
    """The key of all links, the keys of the payment provider, and the logins of the application and of the owner."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        env = inputs.env.name
        external_secret(
            self,
            inputs,
            APPLICATION_SECRET,
            source=names.secret(env, Secret.APPLICATION),
            properties=["SECRET_KEY", "OLD_SECRET_KEYS"],
        )
        self._payments(inputs)
        if inputs.env.monitoring.heartbeat:
            application = names.secret(env, Secret.APPLICATION)
            external_secret(self, inputs, HEARTBEAT_SECRET, source=application, properties=[HEARTBEAT_URL])
        external_secret(
            self,
            inputs,
            LOGIN_SECRET,
            source=names.secret(env, Secret.DATABASE_LOGIN),
            properties=_LOGIN,
            template={**login_template(), LOGIN_FILE: _LOGIN_JSON},
            refresh="5m",  # the former login stays valid until the rotation after this one
        )
        external_secret(
            self,
            inputs,
            OWNER_SECRET,
            source=inputs[Output.DATABASE_OWNER_SECRET],
            properties=_LOGIN,
            template=login_template(),
            refresh="5m",  # RDS changes it every seven days, and the former one is not valid any more
        )

    def _payments(self, inputs: Inputs) -> None:
        source = names.secret(inputs.env.name, Secret.PAYMENTS)
        if sells_for_real(inputs):
            keys = ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"]
            external_secret(self, inputs, PAYMENT_SECRET, source=source, properties=keys)
            return
        external_secret(
            self,
            inputs,
            PAYMENT_SECRET,
            source=source,
            properties=["PSP_SECRET"],
            # Shop and test provider must only know the same ones: nobody has to make them up.
            template={
                "PSP_WEBHOOK_SECRET": "{{ .PSP_SECRET }}",
                "PSP_API_KEY": '{{ printf "key of %s" .PSP_SECRET | sha256sum }}',
            },
        )
