"""A new database password every month, from inside: nothing of AWS's own reaches the database."""

from __future__ import annotations

from cdk8s import Chart
from constructs import Construct

from cdk import names
from cdk.names import Secret
from ticketing.inputs import Inputs
from ticketing.pods import Needs, Process
from ticketing.shop import OWNER_SECRET, ROTATION, database, login_files
from ticketing.workloads import CronJob


class Rotation(Chart):
    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        CronJob(
            self,
            ROTATION,
            inputs=inputs,
            schedule="30 9 1 * *",  # when people are at work
            seconds=1800,
            tries=6,  # the next time is a month away
            late=6 * 3600,
            process=Process(
                image="backend",
                args=["rotate", names.secret(inputs.env.name, Secret.DATABASE_LOGIN)],
                needs=Needs(cpu="50m", memory="128Mi"),
                variables={
                    "ENVIRONMENT": inputs.env.name,
                    "AWS_REGION": inputs.env.region,
                    **database(inputs, OWNER_SECRET),
                },
                files=[login_files(OWNER_SECRET)],
            ),
        )
