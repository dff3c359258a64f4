"""Times that must fit each other, so that no request is lost while pods come and go."""

from __future__ import annotations

from collections.abc import Iterator

from cdk.settings.rollout import DEADLINE, FINISH, KEEP_ALIVE, PROPAGATION
from ticketing.checks.edge import listed, target_groups
from ticketing.checks.objects import Objects, called

_ALB = "alb.ingress.kubernetes.io"
_DELAY = 300  # seconds: the load balancer's own choice
_PROGRESS = 600  # seconds: the cluster's own choice


def timings(objects: Objects) -> Iterator[str]:
    """The sleep outlasts the load balancer's attention, and what follows it ends before the pod is ended."""
    for deployment in objects.of("Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        container = pod["containers"][0]
        drain = next((float(each["value"]) for each in container.get("env", []) if each["name"] == "DRAIN_SECONDS"), 0)
        sleep = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if sleep < PROPAGATION:
            yield f"{called(deployment)}: sleeps {sleep} s, and requests may come for {PROPAGATION} s"
        grace = pod["terminationGracePeriodSeconds"]
        if grace < sleep + drain + FINISH + 5:
            needed = sleep + drain + FINISH + 5
            yield f"{called(deployment)}: is ended after {grace} s, and may need {needed:g} s"
        rolling = deployment["spec"]["strategy"].get("rollingUpdate", {})
        if rolling.get("maxUnavailable") != 0 or rolling.get("maxSurge", 0) < 1:
            yield f"{called(deployment)}: a pod may go before another one has come"


def patience(objects: Objects) -> Iterator[str]:
    """A rollout is given up only when a pod has had all the time that it may take to come."""
    for ingress in objects.of("Ingress"):
        annotations = ingress["metadata"]["annotations"]
        found = int(annotations[f"{_ALB}/healthcheck-interval-seconds"])
        found *= int(annotations[f"{_ALB}/healthy-threshold-count"])
        for deployment in objects.of("Deployment"):
            spec = deployment["spec"]
            probes = [each["startupProbe"] for each in spec["template"]["spec"]["containers"] if "startupProbe" in each]
            start = max((each["periodSeconds"] * each["failureThreshold"] for each in probes), default=0)
            needed = start + found + spec.get("minReadySeconds", 0)
            deadline = spec.get("progressDeadlineSeconds", _PROGRESS)
            if deadline < needed:
                yield f"{called(deployment)}: is given up after {deadline} s, and a pod may take {needed} s to come"


def load_balancer(objects: Objects) -> Iterator[str]:
    """It closes idle connections before pods do, and lets requests under way finish."""
    for ingress in objects.of("Ingress"):
        annotations = ingress["metadata"]["annotations"]
        attributes = listed(annotations, "load-balancer-attributes")
        idle = int(attributes["idle_timeout.timeout_seconds"])
        if idle >= KEEP_ALIVE:
            yield f"{called(ingress)}: keeps connections {idle} s, and pods only {KEEP_ALIVE} s"
        for _, service, targets in target_groups(objects, ingress):
            delay = int(targets.get("deregistration_delay.timeout_seconds", _DELAY))
            for drain in _drains(objects):
                if delay < DEADLINE + drain:
                    yield f"{called(service)}: gives up requests after {delay} s that may take {DEADLINE + drain:g} s"
        timeout, every = (int(annotations[f"{_ALB}/healthcheck-{what}-seconds"]) for what in ("timeout", "interval"))
        if timeout >= every:
            yield f"{called(ingress)}: asks again before it has heard an answer"


def _drains(objects: Objects) -> Iterator[float]:
    for deployment in objects.of("Deployment"):
        for container in deployment["spec"]["template"]["spec"]["containers"]:
            yield from (float(each["value"]) for each in container.get("env", []) if each["name"] == "DRAIN_SECONDS")
