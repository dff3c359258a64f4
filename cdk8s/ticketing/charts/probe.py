"""A customer who never sleeps: a ticket is bought and given back each minute, so that nobody else has to find out."""

from __future__ import annotations

from cdk8s import Chart
from constructs import Construct

from ticketing.inputs import Inputs
from ticketing.pods import Needs, Process
from ticketing.shop import LOGIN_SECRET, PROBE, database, login_files
from ticketing.workloads import SERVING, CronJob


class Probe(Chart):
    """It comes by the shop's own address, over name, certificate, firewall and load balancer, as everybody does."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        CronJob(
            self,
            PROBE,
            inputs=inputs,
            schedule="* * * * *",
            seconds=50,
            priority=SERVING,  # somebody is paged when it does not come through
            process=Process(
                image="backend",
                args=["probe"],
                needs=Needs(cpu="50m", memory="128Mi"),
                variables={
                    "ENVIRONMENT": inputs.env.name,
                    "PUBLIC_URL": inputs.env.public_url,
                    **database(inputs, LOGIN_SECRET),  # to publish its event, and to know its number
                },
                files=[login_files(LOGIN_SECRET)],
            ),
        )
