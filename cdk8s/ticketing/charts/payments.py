"""The test payment provider, where no real money is taken."""

from __future__ import annotations

from cdk8s import Chart
from constructs import Construct

from cdk.images import PAYMENTS_PORT
from cdk.settings.workloads import Workload
from ticketing.inputs import Inputs
from ticketing.pods import Health, Needs, Process
from ticketing.shop import HTTP, PAYMENT_SECRET, PAYMENTS
from ticketing.workloads import Worker

_NEEDS = Needs(cpu="50m", memory="128Mi")


class Payments(Chart):
    """One pod, which keeps payments in its memory: after its end the shop takes what was open for never received."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        Worker(
            self,
            PAYMENTS,
            inputs=inputs,
            settings=Workload(least=1, most=1, cpu=_NEEDS.cpu, memory=_NEEDS.memory),
            health=Health(port=HTTP, started="/pay/style.css", ready="/", alive="/pay/style.css"),
            process=Process(
                image="backend",
                args=["psp"],
                needs=_NEEDS,
                variables={
                    "ENVIRONMENT": inputs.env.name,
                    "PSP_HOST": "0.0.0.0",  # noqa: S104 - a container's port, which the policies guard
                    "PSP_PORT": str(PAYMENTS_PORT),
                    "PSP_PUBLIC_URL": inputs.env.public_url,
                },
                secrets=[PAYMENT_SECRET],
                ports={HTTP: PAYMENTS_PORT},
            ),
        )
