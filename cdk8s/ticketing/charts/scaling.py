"""Pods, and with them nodes, ahead of each sale."""

from __future__ import annotations

from cdk8s import Chart
from cdk8s_plus_36 import k8s
from constructs import Construct

from cdk import names
from ticketing.inputs import Inputs
from ticketing.labels import metadata
from ticketing.pods import Needs, Process
from ticketing.shop import BACKEND, LOGIN_SECRET, PRESCALING, database, login_files
from ticketing.workloads import SERVING, CronJob


class Prescaling(Chart):
    """Each minute, how many pods there are at least follows the tickets that are about to go on sale."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        settings, sale = inputs.env.backend, inputs.env.sale
        numbers = {
            "least": settings.least,
            "most": settings.most,
            "tickets-a-pod": sale.tickets_a_pod(settings),
            "lead-minutes": sale.lead,
            "stay-minutes": sale.stay,
        }
        CronJob(
            self,
            PRESCALING,
            inputs=inputs,
            schedule="* * * * *",
            seconds=50,
            token=True,
            priority=SERVING,  # what it brings is what customers wait for
            process=Process(
                image="backend",
                args=["prescale", BACKEND, *(f"--{option}={number}" for option, number in numbers.items())],
                needs=Needs(cpu="50m", memory="128Mi"),
                variables={"ENVIRONMENT": inputs.env.name, **database(inputs, LOGIN_SECRET)},
                files=[login_files(LOGIN_SECRET)],
            ),
        )
        k8s.KubeRoleBinding(
            self,
            "Role",
            metadata=metadata(inputs, PRESCALING),
            role_ref=k8s.RoleRef(api_group="rbac.authorization.k8s.io", kind="ClusterRole", name=names.PRESCALER),
            subjects=[k8s.Subject(kind="ServiceAccount", name=PRESCALING, namespace=inputs.namespace)],
        )
