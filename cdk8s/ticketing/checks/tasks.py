"""What is done by the clock is done to the right thing, and in time."""

from __future__ import annotations

from collections.abc import Iterator

from backend.settings import Settings
from cdk import names
from cdk.names import Secret
from ticketing.checks.objects import Body, Objects, Pod, called
from ticketing.inputs import Inputs

_EACH_MINUTE = "* * * * *"
_GATHER = "waiting_room_gather_seconds"


def prescaling(objects: Objects) -> Iterator[str]:
    """Pods come ahead of each sale, whatever else wants their place, and before the customers who gather for it."""
    found = _told(objects, "prescale")
    if not found:
        yield "nothing brings pods ahead of a sale"
    for job, pod, (target, *words) in found:
        yield from _reaches(objects, job, target, dict(word.removeprefix("--").split("=") for word in words))
        if job["spec"].get("suspend"):
            yield f"{called(job)}: is suspended"
        if job["spec"]["schedule"] != _EACH_MINUTE:
            yield f"{called(job)}: does not look each minute"
        if pod.spec.get("priorityClassName") != "tickets-serving":
            yield f"{called(job)}: brings pods for a sale only while there is room for what can wait"


def _reaches(objects: Objects, job: Body, target: str, options: dict[str, str]) -> Iterator[str]:
    """target: whose pods it brings. options: by their names, as numbers."""
    for name, gather in _sellers(objects):
        if target != name:
            yield f"{called(job)}: scales {target}, and {name} is what sells"
        if int(options["lead-minutes"]) * 60 < gather:
            ahead = f"brings pods {options['lead-minutes']} min before a sale"
            yield f"{called(job)}: {ahead}, and customers gather {gather // 60} min before"
    for scaler in objects.of("HorizontalPodAutoscaler"):
        bounds = (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"])
        is_its = scaler["spec"]["scaleTargetRef"]["name"] == target
        if is_its and (int(options["least"]), int(options["most"])) != bounds:
            yield f"{called(job)}: knows other bounds than {called(scaler)}"


def rotation(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """The secret whose login changes is the one that pods log in with."""
    for job, _, (secret, *_rest) in _told(objects, "rotate"):
        if secret != names.secret(inputs.env.name, Secret.DATABASE_LOGIN):
            yield f"{called(job)}: rotates {secret}, which pods do not log in with"


def _told(objects: Objects, command: str) -> list[tuple[Body, Pod, list[str]]]:
    """Tasks with this command, and what comes after it."""
    return [
        (pod.owner, pod, container["args"][1:])
        for pod in objects.pods
        for container in pod.containers
        if pod.owner["kind"] == "CronJob" and container.get("args", [])[:1] == [command]
    ]


def _sellers(objects: Objects) -> Iterator[tuple[str, int]]:
    """Deployments that sell, and how many seconds before a sale they let customers in to wait for it."""
    default = Settings.model_fields[_GATHER].default
    for deployment in objects.of("Deployment"):
        for container in deployment["spec"]["template"]["spec"]["containers"]:
            if container.get("args", [])[:1] == ["serve"]:
                given = {each["name"]: each["value"] for each in container.get("env", [])}
                yield deployment["metadata"]["name"], int(given.get(_GATHER.upper(), default))
