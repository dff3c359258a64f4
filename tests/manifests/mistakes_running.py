"""Mistakes in how it all runs: times, the way in, probes, commands; and every mistake of meaning together."""

from typing import Any

from tests.manifests.mistakes import (
    REFERENCES,
    SAFETY,
    Change,
    Mistake,
    annotations,
    attribute,
    container,
    pod,
    remove,
    spec,
    variable,
)
from ticketing.checks.objects import Objects

ROLLOUT = [
    Mistake("no sleep", lambda o: container(o).pop("lifecycle"), "Deployment backend: sleeps 0 s"),
    Mistake("short sleep", lambda o: container(o)["lifecycle"]["preStop"]["sleep"].update(seconds=5), "sleeps 5 s"),
    Mistake("ended early", lambda o: pod(o).update(terminationGracePeriodSeconds=30), "is ended after 30 s"),
    Mistake(
        "down before up",
        lambda o: spec(o, "Deployment", "backend")["strategy"]["rollingUpdate"].update(maxUnavailable=1),
        "a pod may go before another one has come",
    ),
    Mistake(
        "idle connections",
        attribute("load-balancer-attributes", "timeout_seconds=60", "timeout_seconds=75"),
        "keeps connections 75 s, and pods only 75 s",
    ),
    Mistake(
        "requests given up",
        attribute("target-group-attributes", "timeout_seconds=30", "timeout_seconds=5"),
        "Service backend: gives up requests after 5 s",
    ),
    Mistake(
        "requests of the page given up",
        attribute("target-group-attributes", "timeout_seconds=30", "timeout_seconds=5", service="frontend"),
        "Service frontend: gives up requests after 5 s",
    ),
    Mistake(
        "given up before it can be",
        lambda o: spec(o, "Deployment", "backend").update(progressDeadlineSeconds=30),
        "Deployment backend: is given up after 30 s, and a pod may take 85 s to come",
    ),
    Mistake(
        "impatient health check",
        attribute("healthcheck-timeout-seconds", "4", "10"),
        "asks again before it has heard an answer",
    ),
]


def of_service(objects: Objects, name: str) -> Any:
    return objects.one("Service", name)["metadata"]["annotations"]


EDGE = [
    Mistake(
        "no log",
        attribute("load-balancer-attributes", "access_logs.s3.enabled=true", "access_logs.s3.enabled=false"),
        "Ingress aegistickets: keeps no log",
    ),
    Mistake(
        "no firewall",
        lambda o: annotations(o).pop("alb.ingress.kubernetes.io/wafv2-acl-arn"),
        "Ingress aegistickets: is not behind the firewall",
    ),
    Mistake(
        "turns by open requests",
        attribute("target-group-attributes", "round_robin", "least_outstanding_requests"),
        "Service backend: by least_outstanding_requests streams count for ever",
    ),
    Mistake(
        "blank pages",
        lambda o: of_service(o, "frontend").pop("alb.ingress.kubernetes.io/target-group-attributes"),
        "Service frontend: in a rollout a page and its files come from different builds",
    ),
    Mistake(
        "blank pages by a word",
        attribute("target-group-attributes", "stickiness.enabled=true", "stickiness.enabled=false", service="frontend"),
        "Service frontend: in a rollout a page and its files come from different builds",
    ),
    Mistake(
        "a page for a day",
        attribute("target-group-attributes", "duration_seconds=300", "duration_seconds=86400", service="frontend"),
        "Service frontend: 60 s for a page and its files are enough, and after 600 s pods have unlike work",
    ),
    Mistake(
        "a sale for half of the pods",
        lambda o: of_service(o, "backend").update(of_service(o, "frontend")),
        "Service backend: customers stay with their pods",
    ),
    Mistake(
        "everybody stays",
        attribute(
            "target-group-attributes", "=round_robin", "=round_robin,stickiness.enabled=true,stickiness.type=lb_cookie"
        ),
        "Service backend: customers stay with their pods",
    ),
    Mistake(
        "addresses kept back",
        attribute("load-balancer-attributes", "mode=append", "mode=preserve"),
        "does not say who asks",
    ),
    Mistake(
        "address as a customer says",
        lambda o: variable(o, "TRUSTED_HOPS").update(value="2"),
        "Deployment backend: believes 2 who pass requests on",
    ),
]


def probe(name: str, which: str, **changes: object) -> Change:
    return lambda objects: container(objects, name)[f"{which}Probe"].update(changes)


def asks(name: str, which: str, path: str) -> Change:
    return lambda objects: container(objects, name)[f"{which}Probe"]["httpGet"].update(path=path)


PROBES = [
    Mistake("probe of nothing", asks("worker", "readiness", "/ready"), "asks for /ready, which nothing answers"),
    Mistake("probe of the page", asks("frontend", "startup", "/health"), "asks for /health, which nothing answers"),
    Mistake("probe of the bank", asks("payments", "liveness", "/style.css"), "asks for /style.css, which nothing"),
    Mistake(
        "probe of the other port",
        lambda o: container(o, "worker")["livenessProbe"]["httpGet"].update(port="http"),
        "its livenessProbe asks for /healthz, which nothing answers at http",
    ),
    Mistake("ready without data", asks("worker", "readiness", "/metrics"), "/metrics does not say whether it can work"),
    Mistake("ended when busy", probe("backend", "liveness", failureThreshold=1), "is ended when it is only busy"),
    *(
        Mistake(
            f"hasty {which}",
            probe("worker", which, timeoutSeconds=1),
            f"Deployment worker: its {which}Probe waits 1 s, and any answer may take 2 s",
        )
        for which in ("startup", "readiness", "liveness")
    ),
    Mistake(
        "there too soon",
        lambda o: spec(o, "Deployment", "worker").pop("minReadySeconds"),
        "Deployment worker: a pod counts as there before",
    ),
]

SERVICE = [
    Mistake("no such command", lambda o: container(o).update(args=["server"]), "invalid choice: 'server'"),
    Mistake(
        "no such variable",
        lambda o: container(o)["env"].append({"name": "DB_POOL", "value": "1"}),
        "the service knows no variable DB_POOL",
    ),
    Mistake("wrong value", lambda o: variable(o, "DB_POOL_SIZE").update(value="1"), "would not start: DB_POOL_SIZE"),
    Mistake("missing secret", lambda o: container(o)["envFrom"].pop(0), "would not start: SECRET_KEY is not set"),
    Mistake(
        "payments without keys", lambda o: container(o)["envFrom"].pop(1), "would not start: PAYMENT_PROVIDER=test"
    ),
    Mistake(
        "test payments in production",
        lambda o: variable(o, "ENVIRONMENT").update(value="prod"),
        "would not start: PAYMENT_PROVIDER=test moves no money",
    ),
]


def scaling(objects: Objects) -> Any:
    return spec(objects, "HorizontalPodAutoscaler", "backend")


def told(objects: Objects) -> Any:
    receivers = spec(objects, "AlertmanagerConfig", "promise")["receivers"]
    return next(each["snsConfigs"][0] for each in receivers if "snsConfigs" in each)


NUMBERS = [
    Mistake("files of nobody", lambda o: pod(o)["securityContext"].pop("fsGroup"), "backend: cannot read its secrets"),
    Mistake(
        "busy beyond measure",
        lambda o: scaling(o)["metrics"][0]["containerResource"]["target"].update(averageUtilization=600),
        "waits for 600 % of what a pod was promised",
    ),
    Mistake(
        "a pod at a time",
        lambda o: scaling(o)["behavior"]["scaleUp"]["policies"][0].update(type="Pods", value=1, periodSeconds=600),
        "HorizontalPodAutoscaler backend: cannot double",
    ),
    Mistake(
        "broken pods stay",
        lambda o: spec(o, "PodDisruptionBudget", "worker").pop("unhealthyPodEvictionPolicy"),
        "PodDisruptionBudget worker: a broken pod would hold",
    ),
    Mistake(
        "background first",
        lambda o: o.one("PriorityClass", "tickets-background").__setitem__("preemptionPolicy", "PreemptLowerPriority"),  # type: ignore[index]
        "PriorityClass tickets-background: its pods may end others",
    ),
    Mistake(
        "one try a month",
        lambda o: spec(o, "CronJob", "rotation")["jobTemplate"]["spec"].update(backoffLimit=0),
        "CronJob rotation: one bad moment",
    ),
    Mistake(
        "late by minutes",
        lambda o: spec(o, "CronJob", "rotation").update(startingDeadlineSeconds=300),
        "CronJob rotation: is left out",
    ),
    Mistake(
        "never in time",
        lambda o: spec(o, "CronJob", "prescaling").update(startingDeadlineSeconds=5),
        "CronJob prescaling: may never begin",
    ),
    Mistake(
        "stale login",
        lambda o: spec(o, "ExternalSecret", "database-owner").update(refreshInterval="24h"),
        "ExternalSecret database-owner: follows its source only every 24h",
    ),
    Mistake(
        "half with old keys",
        lambda o: spec(o, "Deployment", "worker")["template"]["metadata"].pop("annotations"),
        "Deployment worker: goes on with former secrets",
    ),
    Mistake("alarms without a region", lambda o: told(o)["sigv4"].pop("region"), "cannot reach the topic of alarms"),
]


def prescaling(objects: Objects) -> Any:
    return spec(objects, "CronJob", "prescaling")


def task(objects: Objects, name: str) -> Any:
    return spec(objects, "CronJob", name)["jobTemplate"]["spec"]["template"]["spec"]


def option(name: str, word: str, new: str) -> Change:
    """Change an argument of a task."""

    def change(objects: Objects) -> None:
        words = task(objects, name)["containers"][0]["args"]
        (place,) = [number for number, each in enumerate(words) if each.startswith(word)]
        words[place] = new

    return change


TASKS = [
    Mistake("pods that can wait", lambda o: task(o, "prescaling").update(priorityClassName="tickets-background"),
            "CronJob prescaling: brings pods for a sale only while there is room"),
    Mistake("no pods ahead", remove("CronJob", "prescaling"), "nothing brings pods ahead of a sale"),
    Mistake("pods ahead suspended", lambda o: prescaling(o).update(suspend=True), "CronJob prescaling: is suspended"),
    Mistake("pods ahead of the hour", lambda o: prescaling(o).update(schedule="0 * * * *"),
            "CronJob prescaling: does not look each minute"),
    Mistake("pods ahead elsewhere", option("prescaling", "backend", "frontend"),
            "CronJob prescaling: scales frontend, and backend is what sells"),
    Mistake("pods ahead beyond the most", option("prescaling", "--most", "--most=99"),
            "CronJob prescaling: knows other bounds than HorizontalPodAutoscaler backend"),
    Mistake("crowd before pods", option("prescaling", "--lead-minutes", "--lead-minutes=29"),
            "CronJob prescaling: brings pods 29 min before a sale, and customers gather 30 min before"),
    Mistake("rotation of another secret", option("rotation", "tickets-dev/", "tickets-dev/database/owner"),
            "CronJob rotation: rotates tickets-dev/database/owner, which pods do not log in with"),
]  # fmt: skip


def way(objects: Objects) -> Any:
    return spec(objects, "AlertmanagerConfig", "promise")


SCALERS = [
    Mistake("more than the most", lambda o: scaling(o).update(minReplicas=scaling(o)["maxReplicas"] + 1),
            "HorizontalPodAutoscaler backend: wants at least more pods than at most"),
    Mistake("busy elsewhere", lambda o: scaling(o)["metrics"][0]["containerResource"].update(container="nginx"),
            "HorizontalPodAutoscaler backend: looks at nginx, which its pods do not have"),
    Mistake("never up", lambda o: scaling(o)["behavior"]["scaleUp"].update(selectPolicy="Disabled"),
            "HorizontalPodAutoscaler backend: brings no pods, or takes none away"),
    Mistake("never down", lambda o: scaling(o)["behavior"]["scaleDown"].update(selectPolicy="Disabled"),
            "HorizontalPodAutoscaler backend: brings no pods, or takes none away"),
]  # fmt: skip

ALERTS = [
    Mistake("alarms elsewhere", lambda o: told(o).update(topicARN=told(o)["topicARN"] + "-of-nobody"),
            "cannot reach the topic of alarms"),
    Mistake("alerts for nobody", lambda o: way(o)["route"].update(receiver="nobody"),
            "AlertmanagerConfig promise: sends to nobody, which is no receiver of its"),
    Mistake("some alerts for nobody", lambda o: way(o)["route"]["routes"][0].update(receiver="nobody"),
            "AlertmanagerConfig promise: sends to nobody, which is no receiver of its"),
    Mistake("no rules", lambda o: spec(o, "PrometheusRule", "promise").update(groups=[]),
            "PrometheusRule promise: has no rules"),
    Mistake("group without rules", lambda o: spec(o, "PrometheusRule", "promise")["groups"][0].update(rules=[]),
            "PrometheusRule promise: has no rules"),
]  # fmt: skip

MEANING = [*REFERENCES, *SAFETY, *ROLLOUT, *EDGE, *PROBES, *SERVICE, *NUMBERS, *TASKS, *SCALERS, *ALERTS]
