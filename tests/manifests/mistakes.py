"""Mistakes that somebody could make in a manifest, each with the finding that it must become."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ticketing.checks.objects import Objects

Change = Callable[[Objects], object]


@dataclass(frozen=True)
class Mistake:
    """says: part of the finding."""

    name: str
    make: Change
    says: str


def spec(objects: Objects, kind: str, name: str) -> Any:
    return objects.one(kind, name)["spec"]


def pod(objects: Objects, name: str = "backend") -> Any:
    return spec(objects, "Deployment", name)["template"]["spec"]


def container(objects: Objects, name: str = "backend") -> Any:
    return pod(objects, name)["containers"][0]


def annotations(objects: Objects) -> Any:
    return objects.one("Ingress", "aegistickets")["metadata"]["annotations"]


def variable(objects: Objects, name: str) -> Any:
    return next(each for each in container(objects)["env"] if each["name"] == name)


def remove(kind: str, name: str) -> Change:
    return lambda objects: objects.bodies.remove(objects.one(kind, name))


def attribute(which: str, old: str, new: str, *, service: str | None = None) -> Change:
    """Change a part of one of the load balancer's annotations, or of those that a Service has of its own."""
    key = f"alb.ingress.kubernetes.io/{which}"

    def change(objects: Objects) -> None:
        there = objects.one("Service", service)["metadata"]["annotations"] if service else annotations(objects)
        assert old in there[key]
        there[key] = there[key].replace(old, new)

    return change


SCHEMAS = [
    Mistake("unknown field", lambda o: pod(o).update(hostNetworks=True), "Deployment backend: "),
    Mistake("wrong type", lambda o: spec(o, "Deployment", "worker").update(replicas="two"), "spec.replicas"),
    Mistake(
        "unknown field of a custom resource",
        lambda o: spec(o, "ExternalSecret", "application").update(refreshIntervall="1h"),
        "ExternalSecret application: Object literal may only specify known properties, and '\"refreshIntervall\"'",
    ),
    Mistake(
        "wrong choice in a custom resource",
        lambda o: spec(o, "ExternalSecret", "payment-keys")["target"].update(creationPolicy="Mine"),
        "ExternalSecret payment-keys: data/spec/target/creationPolicy must be equal to one of",
    ),
    Mistake(
        "wrong time in a custom resource",
        lambda o: spec(o, "PodMonitor", "worker")["podMetricsEndpoints"][0].update(interval="15 s"),
        "PodMonitor worker: data/spec/podMetricsEndpoints/0/interval must match pattern",
    ),
    Mistake(
        "misspelt field of a rule",
        lambda o: spec(o, "PrometheusRule", "promise")["groups"][0]["rules"][0].update(exprr="1"),
        "PrometheusRule promise: Object literal may only specify known properties",
    ),
    Mistake(
        "misspelt field of a route",
        lambda o: spec(o, "AlertmanagerConfig", "promise")["receivers"][0]["snsConfigs"][0].update(topicArn="x"),
        "AlertmanagerConfig promise: Object literal may only specify known properties",
    ),
    Mistake(
        "kind without a schema",
        lambda o: o.one("PodMonitor", "backend").__setitem__("kind", "PodMonitors"),  # type: ignore[index]
        "PodMonitors backend: no schema of monitoring.coreos.com/v1 is known",
    ),
]

REFERENCES = [
    Mistake("twice", lambda o: o.bodies.append(o.one("Service", "backend")), "Service backend: is there 2 times"),
    Mistake(
        "elsewhere", lambda o: o.one("Service", "backend")["metadata"].update(namespace="default"), "is in namespace"
    ),
    Mistake(
        "service without pods",
        lambda o: spec(o, "Service", "backend")["selector"].update({"app.kubernetes.io/name": "other"}),
        "Service backend: selects 0 workloads",
    ),
    Mistake(
        "service with two workloads",
        lambda o: spec(o, "Service", "backend")["selector"].pop("app.kubernetes.io/name"),
        " workloads, not one",
    ),
    Mistake(
        "service without a port",
        lambda o: spec(o, "Service", "backend")["ports"][0].update(targetPort="web"),
        "Service backend: Deployment backend has no port web",
    ),
    Mistake(
        "metrics for everybody",
        lambda o: spec(o, "Service", "backend")["ports"][0].update(targetPort="metrics"),
        "Service backend: metrics are nobody's business",
    ),
    Mistake("path to nowhere", remove("Service", "frontend"), "Ingress aegistickets: / leads to frontend"),
    Mistake(
        "path to no port",
        lambda o: spec(o, "Service", "backend")["ports"][0].update(name="web"),
        "Ingress aegistickets: /api leads to backend",
    ),
    Mistake(
        "monitor without pods",
        lambda o: spec(o, "PodMonitor", "worker")["selector"]["matchLabels"].update(x="y"),
        "PodMonitor worker: selects 0 workloads",
    ),
    Mistake(
        "monitor without a port",
        lambda o: spec(o, "PodMonitor", "worker")["podMetricsEndpoints"][0].update(port="m"),
        "PodMonitor worker: Deployment worker has no port m",
    ),
    Mistake(
        "scaler of nothing",
        lambda o: spec(o, "HorizontalPodAutoscaler", "backend")["scaleTargetRef"].update(name="back"),
        "HorizontalPodAutoscaler backend: there is no Deployment back",
    ),
    Mistake(
        "number beside a scaler",
        lambda o: spec(o, "Deployment", "backend").update(replicas=2),
        "Deployment backend: needs either a number of pods or an autoscaler",
    ),
    Mistake(
        "neither number nor scaler",
        lambda o: spec(o, "Deployment", "worker").pop("replicas"),
        "Deployment worker: needs either a number of pods or an autoscaler",
    ),
    Mistake(
        "other pods",
        lambda o: spec(o, "Deployment", "worker")["selector"]["matchLabels"].update({"app.kubernetes.io/name": "x"}),
        "Deployment worker: selects []",
    ),
    Mistake("no budget", remove("PodDisruptionBudget", "backend"), "Deployment backend: has 0 disruption budgets"),
    Mistake(
        "budget of nothing",
        lambda o: spec(o, "PodDisruptionBudget", "backend")["selector"]["matchLabels"].update(x="y"),
        "PodDisruptionBudget backend: selects no pods",
    ),
    Mistake("no account", remove("ServiceAccount", "worker"), "ServiceAccount worker: pods run as it"),
    Mistake(
        "account without its role",
        lambda o: pod(o, "worker").update(serviceAccountName="backend"),
        "ServiceAccount worker: has an AWS role, and no pod runs as it",
    ),
    Mistake(
        "token without a role", remove("RoleBinding", "prescaling"), "ServiceAccount prescaling: has a token and no"
    ),
    Mistake(
        "role without a token",
        lambda o: o.one("RoleBinding", "prescaling")["subjects"][0].update(name="worker"),
        "ServiceAccount worker: has a token and no role, or a role and no token",
    ),
    Mistake(
        "larger role",
        lambda o: o.one("RoleBinding", "prescaling")["roleRef"].update(name="admin"),
        "RoleBinding prescaling: gives more than tickets-prescaler",
    ),
    Mistake("no priority", remove("PriorityClass", "tickets-serving"), "there is no PriorityClass tickets-serving"),
    Mistake("no secret", remove("ExternalSecret", "application"), "nothing brings the secret application"),
    Mistake(
        "no key in a secret",
        lambda o: spec(o, "ExternalSecret", "database-login")["target"]["template"]["data"].pop("login.json"),
        "the secret database-login has no login.json",
    ),
    Mistake(
        "secret that no stack makes",
        lambda o: spec(o, "ExternalSecret", "application")["data"][0]["remoteRef"].update(key="tickets-dev/app"),
        "ExternalSecret application: no stack makes tickets-dev/app",
    ),
    Mistake(
        "store that no stack makes",
        lambda o: spec(o, "ExternalSecret", "application")["secretStoreRef"].update(name="vault"),
        "ExternalSecret application: asks another store",
    ),
    Mistake(
        "secret that goes with its source",
        lambda o: spec(o, "ExternalSecret", "database-login")["target"].update(deletionPolicy="Delete"),
        "ExternalSecret database-login: goes with its source, by Delete",
    ),
    Mistake("open by default", remove("NetworkPolicy", "closed"), "none closes the namespace by default"),
    Mistake("workload without a policy", remove("NetworkPolicy", "worker"), "has 0 policies of its own"),
    Mistake(
        "policy for a port that is closed",
        lambda o: spec(o, "NetworkPolicy", "frontend")["ingress"][0]["ports"][0].update(port=80),
        "NetworkPolicy frontend: nobody listens at port 80",
    ),
    Mistake(
        "policy of nothing",
        lambda o: spec(o, "NetworkPolicy", "frontend")["podSelector"]["matchLabels"].update(x="y"),
        "NetworkPolicy frontend: selects no pods",
    ),
]

SAFETY = [
    Mistake("root", lambda o: pod(o)["securityContext"].pop("runAsNonRoot"), "needs a user that is not root"),
    Mistake("no user", lambda o: pod(o)["securityContext"].pop("runAsUser"), "needs a user that is not root"),
    Mistake("no seccomp", lambda o: pod(o)["securityContext"].pop("seccompProfile"), "seccomp profile"),
    Mistake("token", lambda o: pod(o).update(automountServiceAccountToken=True), "has a token"),
    Mistake("service links", lambda o: pod(o).pop("enableServiceLinks"), "gets variables from whatever Services"),
    Mistake("host network", lambda o: pod(o).update(hostNetwork=True), "Deployment backend: hostNetwork"),
    Mistake(
        "host path",
        lambda o: pod(o)["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
        "the volume host is neither",
    ),
    Mistake(
        "capabilities",
        lambda o: container(o)["securityContext"].update(capabilities={"drop": ["ALL"], "add": ["NET_ADMIN"]}),
        "backend may do more than it needs",
    ),
    Mistake(
        "writable root",
        lambda o: container(o)["securityContext"].update(readOnlyRootFilesystem=False),
        "backend may do more than it needs",
    ),
    Mistake("no requests", lambda o: container(o)["resources"].pop("requests"), "needs requests"),
    Mistake("memory on credit", lambda o: container(o)["resources"]["limits"].update(memory="1Gi"), "needs requests"),
    Mistake("throttled", lambda o: container(o)["resources"]["limits"].update(cpu="1"), "would be throttled"),
    Mistake("nowhere to write", lambda o: container(o)["volumeMounts"].pop(0), "has nowhere to write"),
    Mistake(
        "no room to write",
        lambda o: pod(o)["volumes"][0]["emptyDir"].update(sizeLimit="1Ki"),
        "Deployment backend: has less than 16Mi to write on",
    ),
    Mistake("writable secrets", lambda o: container(o)["volumeMounts"][1].pop("readOnly"), "could write its secrets"),
    Mistake("foreign image", lambda o: container(o).update(image="docker.io/nginx:1"), "is not from our registry"),
    Mistake(
        "image that moves",
        lambda o: container(o).update(image=container(o)["image"].partition("@")[0] + ":latest"),
        "has no version that stays",
    ),
    *(
        Mistake(f"no {probe}", lambda o, probe=probe: container(o, "worker").pop(probe), f"worker lacks {probe}")  # type: ignore[misc]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    ),
    Mistake(
        "alive means ready",
        lambda o: container(o)["livenessProbe"]["httpGet"].update(path="/readiness"),
        "/readiness cannot mean both",
    ),
    Mistake("in one zone", lambda o: pod(o)["topologySpreadConstraints"].pop(0), "is not spread over zones"),
    Mistake(
        "spread of all generations",
        lambda o: pod(o)["topologySpreadConstraints"][0].update(matchLabelKeys=[]),
        "is not spread over zones",
    ),
    Mistake(
        "bound to a lost zone",
        lambda o: pod(o)["topologySpreadConstraints"][0].pop("nodeTaintsPolicy"),
        "Deployment backend: waits for a zone that is lost",
    ),
    Mistake(
        "alone",
        lambda o: spec(o, "HorizontalPodAutoscaler", "backend").update(minReplicas=1),
        "a single pod may be gone",
    ),
    Mistake(
        "nervous",
        lambda o: spec(o, "HorizontalPodAutoscaler", "backend")["behavior"]["scaleDown"].update(
            stabilizationWindowSeconds=0
        ),
        "takes away pods that the next minute needs",
    ),
    Mistake(
        "anything goes",
        lambda o: o.one("Namespace", "tickets-dev")["metadata"]["labels"].update(
            {"pod-security.kubernetes.io/enforce": "baseline"}
        ),
        "does not enforce the restricted profile",
    ),
    Mistake(
        "ready too soon",
        lambda o: o.one("Namespace", "tickets-dev")["metadata"]["labels"].pop(
            "elbv2.k8s.aws/pod-readiness-gate-inject"
        ),
        "pods would be ready before the load balancer knows them",
    ),
    Mistake(
        "more pods than the database carries",
        lambda o: spec(o, "HorizontalPodAutoscaler", "backend").update(maxReplicas=40),
        "all pods together may open",
    ),
    Mistake("larger pool", lambda o: variable(o, "DB_POOL_SIZE").update(value="40"), "all pods together may open"),
]
