"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from ticketing.checks import alerts, edge, numbers, probes, references, rollout, safety, schemas, service, tasks
from ticketing.checks.objects import Objects
from ticketing.inputs import Inputs


def findings(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """One line for each thing that is wrong."""
    if not objects.bodies:
        yield "there are no manifests"
        return
    yield from schemas.invalid(objects, inputs.env.cluster.version)
    yield from meaning(objects, inputs)


def meaning(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """What no schema can see."""
    yield from references.places(objects, inputs)
    yield from references.services(objects)
    yield from references.ingresses(objects)
    yield from references.monitors(objects)
    yield from references.deployments(objects)
    yield from references.accounts(objects)
    yield from references.roles(objects)
    yield from references.priorities(objects)
    yield from references.secrets(objects, inputs)
    yield from references.freshness(objects)
    yield from references.lasting(objects)
    yield from references.restarts(objects)
    yield from references.webhooks(objects)
    yield from references.topics(objects, inputs)
    yield from alerts.receivers(objects)
    yield from alerts.rules(objects)
    yield from references.network(objects)
    yield from safety.pods(objects)
    yield from safety.images(objects, inputs)
    yield from safety.deployments(objects)
    yield from safety.namespace(objects, inputs)
    yield from numbers.scalers(objects)
    yield from numbers.budgets(objects)
    yield from numbers.priorities(objects)
    yield from numbers.tries(objects)
    yield from tasks.prescaling(objects)
    yield from tasks.rotation(objects, inputs)
    yield from safety.connections(objects, inputs)
    yield from edge.edge(objects, inputs)
    yield from rollout.timings(objects)
    yield from rollout.patience(objects)
    yield from rollout.load_balancer(objects)
    yield from service.commands(objects, inputs)
    yield from probes.probes(objects, inputs)
