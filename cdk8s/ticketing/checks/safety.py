"""What pods may be and must have, beyond what the namespace enforces by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cdk.names import Output
from cdk.settings.database import RESERVED_CONNECTIONS
from cdk.settings.workloads import BESIDE_THE_POOL, JOBS, connections_allowed
from ticketing.checks.objects import Body, Objects, Pod, called
from ticketing.inputs import Inputs

_VERSION = re.compile(r"(@sha256:[0-9a-f]{64}|:[0-9a-f]{7,40})")
_UNITS = {"": 1.0, **{unit: 1000.0**power for power, unit in enumerate("kMGT", 1)}}
_UNITS |= {f"{unit}i": 1024.0**power for power, unit in enumerate("KMGT", 1)}
_LEAST_ROOM = "16Mi"  # what a client does not take at once lies there, and what is being written: pages, letters
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_HAS_A_TOKEN = {"prescaling"}  # it changes an autoscaler
_POD_SECURITY = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
_CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
}


def pods(objects: Objects) -> Iterator[str]:
    """No rights, no token, no room but /tmp, a user that is not root, and known needs."""
    for pod in objects.pods:
        spec = pod.spec
        yield from _user(pod)
        if spec.get("automountServiceAccountToken") is not (spec["serviceAccountName"] in _HAS_A_TOKEN):
            yield f"{pod}: has a token of the cluster's API that it does not need, or lacks one"
        if spec.get("enableServiceLinks") is not False:
            yield f"{pod}: gets variables from whatever Services there are"
        for forbidden in ("hostNetwork", "hostPID", "hostIPC"):
            if spec.get(forbidden):
                yield f"{pod}: {forbidden}"
        for volume in spec.get("volumes", []):
            if _bytes(volume.get("emptyDir", {}).get("sizeLimit", _LEAST_ROOM)) < _bytes(_LEAST_ROOM):
                yield f"{pod}: has less than {_LEAST_ROOM} to write on, and is ended when it is full"
            if not {"emptyDir", "secret"} & set(volume):
                yield f"{pod}: the volume {volume['name']} is neither its own nor a secret"
        for container in pod.containers:
            yield from _container(pod, container)


def _bytes(quantity: str) -> float:
    """Of a quantity as Kubernetes writes it: 64Mi, 1.5G, 1000."""
    number = quantity.rstrip("KMGTki")
    return float(number) * _UNITS[quantity.removeprefix(number)]


def _user(pod: Pod) -> Iterator[str]:
    security = pod.spec.get("securityContext", {})
    if not _POD_SECURITY.items() <= security.items() or not security.get("runAsUser"):
        yield f"{pod}: needs a user that is not root, and the runtime's own seccomp profile"
    if security.get("fsGroup") != security.get("runAsUser"):
        yield f"{pod}: cannot read its secrets, which its group alone may"


def _container(pod: Pod, container: Body) -> Iterator[str]:
    if container.get("securityContext") != _CONTAINER_SECURITY:
        yield f"{pod}: {container['name']} may do more than it needs"
    resources = container.get("resources", {})
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    if not {"cpu", "memory"} <= set(requests) or limits.get("memory") != requests.get("memory"):
        yield f"{pod}: {container['name']} needs requests, and all of its memory promised"
    if "cpu" in limits:
        yield f"{pod}: {container['name']} would be throttled at its limit"
    mounted = {mount["mountPath"]: mount for mount in container.get("volumeMounts", [])}
    if "/tmp" not in mounted:  # noqa: S108 - a volume of the pod's own
        yield f"{pod}: {container['name']} has nowhere to write"
    if any(not mount.get("readOnly") for path, mount in mounted.items() if path.startswith("/run/secrets")):
        yield f"{pod}: {container['name']} could write its secrets"


def images(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """From our own repositories alone, at a version that cannot move."""
    repositories = {inputs[Output.BACKEND_REPOSITORY], inputs[Output.FRONTEND_REPOSITORY]}
    for pod in objects.pods:
        for container in pod.containers:
            image = container["image"]
            repository = next((each for each in repositories if image.startswith(each)), None)
            if repository is None:
                yield f"{pod}: {image} is not from our registry"
            elif not _VERSION.fullmatch(image.removeprefix(repository)):
                yield f"{pod}: {image} has no version that stays"


def deployments(objects: Objects) -> Iterator[str]:
    """Asked whether they are well, spread over zones, and enough of them."""
    for deployment in objects.of("Deployment"):
        template = deployment["spec"]["template"]["spec"]
        for container in template["containers"]:
            missing = [probe for probe in _PROBES if probe not in container]
            if missing:
                yield f"{called(deployment)}: {container['name']} lacks {', '.join(missing)}"
                continue
            ready, alive = (container[probe]["httpGet"]["path"] for probe in _PROBES[1:])
            if ready == alive:
                yield f"{called(deployment)}: {ready} cannot mean both that it lives and that it is ready"
        zones = [
            each
            for each in template.get("topologySpreadConstraints", [])
            if each["topologyKey"] == "topology.kubernetes.io/zone"
            and each["labelSelector"] == deployment["spec"]["selector"]
            and each["matchLabelKeys"] == ["pod-template-hash"]
        ]
        if len(zones) != 1:
            yield f"{called(deployment)}: is not spread over zones"
        if any(each.get("nodeTaintsPolicy") != "Honor" for each in zones):
            yield f"{called(deployment)}: waits for a zone that is lost"


def namespace(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """It enforces what pods may be, and holds new ones back until the load balancer knows them."""
    labels = objects.one("Namespace", inputs.namespace)["metadata"]["labels"]
    if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
        yield f"Namespace {inputs.namespace}: does not enforce the restricted profile"
    if labels.get("elbv2.k8s.aws/pod-readiness-gate-inject") != "enabled":
        yield f"Namespace {inputs.namespace}: pods would be ready before the load balancer knows them"


def connections(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """All the pods that there can be, by their own numbers, fit the database."""
    most = {
        scaler["spec"]["scaleTargetRef"]["name"]: scaler["spec"]["maxReplicas"]
        for scaler in objects.of("HorizontalPodAutoscaler")
    }
    needed = JOBS
    for deployment in objects.of("Deployment"):
        for container in deployment["spec"]["template"]["spec"]["containers"]:
            pool = {each["name"]: each["value"] for each in container.get("env", [])}.get("DB_POOL_SIZE")
            if pool is None:
                continue
            spec = deployment["spec"]
            replicas = most.get(deployment["metadata"]["name"], spec.get("replicas", 0))
            at_once = replicas + 2 * spec["strategy"]["rollingUpdate"]["maxSurge"]  # those that come, those that go
            needed += at_once * (int(pool) + BESIDE_THE_POOL)
    allowed = connections_allowed(inputs.env.database.max_connections, RESERVED_CONNECTIONS)
    if needed > allowed:
        yield f"all pods together may open {needed} connections, and the database carries {allowed} of ours"
