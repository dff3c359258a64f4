"""The page: nginx with what the front end was built to."""

from __future__ import annotations

from cdk8s import Chart
from constructs import Construct

from cdk.images import FRONTEND_PORT
from ticketing.inputs import Inputs
from ticketing.pods import Health, Process, needs
from ticketing.shop import FRONTEND, HTTP
from ticketing.workloads import WebService


class Frontend(Chart):
    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        WebService(
            self,
            FRONTEND,
            inputs=inputs,
            settings=inputs.env.frontend,
            health=Health(port=HTTP, started="/healthz", ready="/", alive="/healthz"),
            process=Process(image="frontend", needs=needs(inputs.env, FRONTEND), ports={HTTP: FRONTEND_PORT}),
        )
