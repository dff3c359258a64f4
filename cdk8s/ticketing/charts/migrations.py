"""The database's schema: widened before a rollout, narrowed after it."""

from __future__ import annotations

from hashlib import sha256

from cdk8s import Chart
from constructs import Construct

from ticketing.inputs import Inputs
from ticketing.pods import Needs, Process
from ticketing.shop import (
    LOGIN_FILE,
    LOGIN_SECRET,
    MIGRATION,
    OWNER_SECRET,
    database,
    login_files,
    login_path,
)
from ticketing.workloads import Job, service_account


class Migration(Chart):
    """One phase, by a Job for each version, which asks the schema each time it is applied. phase: pre or post."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs, phase: str) -> None:
        super().__init__(scope, name)
        args = ["migrate", "--phase", phase]
        if phase == "pre":
            service_account(self, inputs, MIGRATION)
            args += ["--login", login_path(LOGIN_SECRET)]
        process = Process(
            image="backend",
            args=args,
            needs=Needs(cpu="100m", memory="256Mi"),
            variables={"ENVIRONMENT": inputs.env.name, **database(inputs, OWNER_SECRET)},
            files=[login_files(OWNER_SECRET), login_files(LOGIN_SECRET, LOGIN_FILE)],
        )
        version = sha256(f"{inputs.images}{process}".encode()).hexdigest()[:10]
        Job(
            self,
            f"migrate-{phase}-{version}",
            inputs=inputs,
            workload=MIGRATION,
            process=process,
            seconds=1800,
            tries=3,
        )
