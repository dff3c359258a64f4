"""How many there are, when more come, which of them may go, and how often what failed is tried again."""

from __future__ import annotations

from collections.abc import Iterator

from ticketing.checks.objects import Objects, called

_BUSY = range(30, 81)  # percent of what a pod was promised; above it nothing is left for the time until others come
_QUICK = 60  # seconds in which pods must be able to become twice as many
_EACH_MINUTE = "* * * * *"
_HOURS = 3600
_LOOKS_EVERY = 10  # seconds: what may be late by less, the cluster may never see in time


def scalers(objects: Objects) -> Iterator[str]:
    """Pods come at once and in plenty, go slowly, and never to the last."""
    for scaler in objects.of("HorizontalPodAutoscaler"):
        spec = scaler["spec"]
        up, down = spec["behavior"]["scaleUp"], spec["behavior"]["scaleDown"]
        if spec["minReplicas"] < 2:
            yield f"{called(scaler)}: a single pod may be gone at any time"
        if down["stabilizationWindowSeconds"] < 300:
            yield f"{called(scaler)}: takes away pods that the next minute needs"
        if spec["minReplicas"] > spec["maxReplicas"]:
            yield f"{called(scaler)}: wants at least more pods than at most"
        if "Disabled" in (up.get("selectPolicy"), down.get("selectPolicy")):
            yield f"{called(scaler)}: brings no pods, or takes none away"
        if not any(
            each["type"] == "Percent" and each["value"] >= 100 and each["periodSeconds"] <= _QUICK
            for each in up["policies"]
        ):
            yield f"{called(scaler)}: cannot double within {_QUICK} s"
        there = {
            container["name"]
            for pod in objects.pods
            if pod.owner["metadata"]["name"] == spec["scaleTargetRef"]["name"]
            for container in pod.containers
        }
        for metric in spec["metrics"]:
            if (container := metric["containerResource"]["container"]) not in there:
                yield f"{called(scaler)}: looks at {container}, which its pods do not have"
            percent = metric["containerResource"]["target"]["averageUtilization"]
            if percent not in _BUSY:
                yield f"{called(scaler)}: waits for {percent} % of what a pod was promised"


def budgets(objects: Objects) -> Iterator[str]:
    """A node can always be emptied: one pod may go, and one that is broken anyway in any case."""
    for budget in objects.of("PodDisruptionBudget"):
        if budget["spec"].get("maxUnavailable") != 1:
            yield f"{called(budget)}: must let exactly one pod go at a time"
        if budget["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"{called(budget)}: a broken pod would hold its node up"


def priorities(objects: Objects) -> Iterator[str]:
    """What can wait waits, and never ends what runs."""
    for each in objects.of("PriorityClass"):
        expected = "Never" if each["metadata"]["name"].endswith("-background") else "PreemptLowerPriority"
        if each["preemptionPolicy"] != expected:
            yield f"{called(each)}: its pods may end others, or may not; {expected} is meant"


def tries(objects: Objects) -> Iterator[str]:
    """The next minute is the next try; what comes seldom tries again by itself, and may be hours late."""
    for job in objects.of("CronJob"):
        spec = job["spec"]
        if spec.get("startingDeadlineSeconds", _HOURS) < _LOOKS_EVERY:
            yield f"{called(job)}: may never begin, the cluster looks every {_LOOKS_EVERY} s"
        if spec["schedule"] == _EACH_MINUTE:
            continue
        if spec["jobTemplate"]["spec"]["backoffLimit"] < 2:
            yield f"{called(job)}: one bad moment, and it is left undone until its next time"
        if spec["startingDeadlineSeconds"] < _HOURS:
            yield f"{called(job)}: is left out when nothing can start for {spec['startingDeadlineSeconds']} s"
