"""The backend and its worker: the same image, two commands."""

from __future__ import annotations

from cdk8s import Chart
from constructs import Construct

from cdk.images import BACKEND_PORT, METRICS_PORT
from ticketing.inputs import Inputs
from ticketing.pods import Health, Process, needs
from ticketing.shop import (
    APPLICATION_SECRET,
    BACKEND,
    HTTP,
    LOGIN_SECRET,
    METRICS,
    PAYMENT_SECRET,
    PROMETHEUS,
    WORKER,
    common,
    login_files,
)
from ticketing.workloads import WebService
from ticketing.workloads import Worker as WorkerPods

_SECRETS = (APPLICATION_SECRET, PAYMENT_SECRET)


class Backend(Chart):
    """Answers customers."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        settings = inputs.env.backend
        WebService(
            self,
            BACKEND,
            inputs=inputs,
            settings=settings,
            health=Health(port=HTTP, started="/healthz", ready="/readiness", alive="/healthz"),
            process=Process(
                image="backend",
                args=["serve"],
                needs=needs(inputs.env, BACKEND),
                variables={
                    **common(inputs),
                    "DB_POOL_SIZE": str(settings.pool),
                    "DRAIN_SECONDS": str(inputs.env.rollout.drain),
                    "PROMETHEUS_URL": PROMETHEUS,
                },
                secrets=_SECRETS,
                files=[login_files(LOGIN_SECRET)],
                ports={HTTP: BACKEND_PORT, METRICS: METRICS_PORT},
            ),
        )


class Worker(Chart):
    """Relays events, gives back what has expired, settles payments, writes letters."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        settings = inputs.env.worker
        WorkerPods(
            self,
            WORKER,
            inputs=inputs,
            settings=settings,
            health=Health(port=METRICS, started="/healthz", ready="/readiness", alive="/healthz"),
            process=Process(
                image="backend",
                args=["worker"],
                needs=needs(inputs.env, WORKER),
                variables={**common(inputs), "DB_POOL_SIZE": str(settings.pool)},
                secrets=_SECRETS,
                files=[login_files(LOGIN_SECRET)],
                ports={METRICS: METRICS_PORT},
            ),
        )
