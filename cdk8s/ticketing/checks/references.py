"""Whatever names something else names something that is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cdk import names
from cdk.names import Output, Secret
from ticketing.checks.objects import Body, Objects, Pod, called
from ticketing.inputs import Inputs

_FRESH = {True: {"1m", "5m"}, False: {"1m", "5m", "1h"}}  # refreshInterval of logins, and of others
_CLUSTER_WIDE = {"Namespace", "PriorityClass"}


def places(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """Each object is there once, in the environment's namespace."""
    for name, times in Counter(called(body) for body in objects.bodies).items():
        if times > 1:
            yield f"{name}: is there {times} times"
    for body in objects.bodies:
        namespace = body["metadata"].get("namespace")
        expected = None if body["kind"] in _CLUSTER_WIDE else inputs.namespace
        if namespace != expected:
            yield f"{called(body)}: is in namespace {namespace}, not in {expected}"
    if objects.names("Namespace") != {inputs.namespace}:
        yield f"the namespace is {objects.names('Namespace')}, not {inputs.namespace}"


def services(objects: Objects) -> Iterator[str]:
    """A Service selects the pods of one workload, and each of its ports is one of theirs, never the metrics'."""
    for service in objects.of("Service"):
        pods = objects.selected(service["spec"]["selector"])
        if len(pods) != 1:
            yield f"{called(service)}: selects {len(pods)} workloads, not one"
            continue
        for port in service["spec"]["ports"]:
            number = pods[0].ports.get(port["targetPort"])
            if number is None:
                yield f"{called(service)}: {pods[0]} has no port {port['targetPort']}"
            if port["targetPort"] == "metrics":
                yield f"{called(service)}: metrics are nobody's business but Prometheus's"


def ingresses(objects: Objects) -> Iterator[str]:
    """Each path leads to a port of a Service that is there."""
    for ingress in objects.of("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                target = path["backend"]["service"]
                ports = {
                    port["name"]
                    for service in objects.of("Service")
                    if service["metadata"]["name"] == target["name"]
                    for port in service["spec"]["ports"]
                }
                if target["port"].get("name") not in ports:
                    yield f"{called(ingress)}: {path['path']} leads to {target['name']}, which has no such port"


def monitors(objects: Objects) -> Iterator[str]:
    """Prometheus finds pods, and the port that it asks."""
    for monitor in objects.of("PodMonitor"):
        pods = objects.selected(monitor["spec"]["selector"]["matchLabels"])
        if len(pods) != 1:
            yield f"{called(monitor)}: selects {len(pods)} workloads, not one"
        for pod in pods:
            for endpoint in monitor["spec"]["podMetricsEndpoints"]:
                if endpoint["port"] not in pod.ports:
                    yield f"{called(monitor)}: {pod} has no port {endpoint['port']}"


def deployments(objects: Objects) -> Iterator[str]:
    """A Deployment selects its own pods; it has an autoscaler or a number of pods, never both; and a budget."""
    scaled = {}
    for scaler in objects.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        scaled[target["name"]] = scaler
        if target["kind"] != "Deployment" or target["name"] not in objects.names("Deployment"):
            yield f"{called(scaler)}: there is no {target['kind']} {target['name']}"
    for deployment in objects.of("Deployment"):
        name, spec = deployment["metadata"]["name"], deployment["spec"]
        selected = objects.selected(spec["selector"]["matchLabels"])
        if [pod.owner for pod in selected] != [deployment]:
            yield f"{called(deployment)}: selects {[str(pod) for pod in selected]}, not just its own pods"
        if ("replicas" in spec) == (name in scaled):
            yield f"{called(deployment)}: needs either a number of pods or an autoscaler"
        budgets = [
            budget
            for budget in objects.of("PodDisruptionBudget")
            if budget["spec"]["selector"]["matchLabels"] == spec["selector"]["matchLabels"]
        ]
        if len(budgets) != 1:
            yield f"{called(deployment)}: has {len(budgets)} disruption budgets, not one"
    for budget in objects.of("PodDisruptionBudget"):
        if not objects.selected(budget["spec"]["selector"]["matchLabels"]):
            yield f"{called(budget)}: selects no pods"


def accounts(objects: Objects) -> Iterator[str]:
    """Pods run as accounts that are there, and each account with an AWS role is one of them."""
    there = objects.names("ServiceAccount")
    used = {pod.spec["serviceAccountName"] for pod in objects.pods}
    for name in sorted(used - there):
        yield f"ServiceAccount {name}: pods run as it, and it is not there"
    for name in sorted(there - used):
        yield f"ServiceAccount {name}: no pod runs as it"
    for name in sorted({str(account) for account in names.ServiceAccount} - used):
        yield f"ServiceAccount {name}: has an AWS role, and no pod runs as it"


def roles(objects: Objects) -> Iterator[str]:
    """A pod with a token has the one role that the stacks make for it, and no other account has any."""
    tokens = {pod.spec["serviceAccountName"] for pod in objects.pods if pod.spec.get("automountServiceAccountToken")}
    bound = set()
    for binding in objects.of("RoleBinding", "ClusterRoleBinding", "Role", "ClusterRole"):
        role = binding.get("roleRef", {})
        if binding["kind"] != "RoleBinding" or (role["kind"], role["name"]) != ("ClusterRole", names.PRESCALER):
            yield f"{called(binding)}: gives more than {names.PRESCALER} in this namespace"
        bound |= {subject["name"] for subject in binding.get("subjects", [])}
    for name in sorted(tokens ^ bound):
        yield f"ServiceAccount {name}: has a token and no role, or a role and no token"


def priorities(objects: Objects) -> Iterator[str]:
    for pod in objects.pods:
        if pod.spec.get("priorityClassName") not in objects.names("PriorityClass"):
            yield f"{pod}: there is no PriorityClass {pod.spec.get('priorityClassName')}"


def secrets(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """Pods get keys that an ExternalSecret brings, from a secret and a store that the stacks make."""
    kept = {names.secret(inputs.env.name, each) for each in Secret} | {inputs[Output.DATABASE_OWNER_SECRET]}
    brought = {secret["spec"]["target"]["name"] for secret in objects.of("ExternalSecret")}
    for secret in objects.of("ExternalSecret"):
        if secret["spec"]["secretStoreRef"] != {"kind": "ClusterSecretStore", "name": names.SECRET_STORE}:
            yield f"{called(secret)}: asks another store than {names.SECRET_STORE}"
        for each in secret["spec"]["data"]:
            if each["remoteRef"]["key"] not in kept:
                yield f"{called(secret)}: no stack makes {each['remoteRef']['key']}"
    for pod in objects.pods:
        for name, wanted in _wanted(pod):
            missing = wanted - brings(objects, name)
            if name not in brought:
                yield f"{pod}: nothing brings the secret {name}"
            elif missing:
                yield f"{pod}: the secret {name} has no {', '.join(sorted(missing))}"
    used = {name for pod in objects.pods for name, _ in _wanted(pod)} | {key["name"] for _, key in _webhooks(objects)}
    for name in sorted(brought - used):
        yield f"ExternalSecret {name}: nothing uses it"


def lasting(objects: Objects) -> Iterator[str]:
    """Pods go on with what they have when its source is away, and new ones can start."""
    for secret in objects.of("ExternalSecret"):
        if (policy := secret["spec"]["target"].get("deletionPolicy", "Retain")) != "Retain":
            yield f"{called(secret)}: goes with its source, by {policy}"


def restarts(objects: Objects) -> Iterator[str]:
    """Pods with secrets as variables say which version of them: one that changes replaces all pods."""
    for pod in objects.pods:
        reads = any("envFrom" in container for container in pod.containers)
        if reads and names.SECRETS_VERSION not in pod.template["metadata"].get("annotations", {}):
            yield f"{pod}: goes on with former secrets, while pods that start have new ones"


def webhooks(objects: Objects) -> Iterator[str]:
    """Alertmanager finds the addresses that it is to ask."""
    for config, key in _webhooks(objects):
        if key["key"] not in brings(objects, key["name"]):
            yield f"{called(config)}: nothing brings {key['key']} of the secret {key['name']}"


def topics(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """Alerts are signed for the region that their topic is in: Alertmanager does not know where it runs."""
    for config in objects.of("AlertmanagerConfig"):
        for receiver in config["spec"]["receivers"]:
            for told in receiver.get("snsConfigs", []):
                region = told["topicARN"].split(":")[3]
                if told["topicARN"] != inputs[Output.ALARM_TOPIC] or told.get("sigv4", {}).get("region") != region:
                    yield f"{called(config)}: {receiver['name']} cannot reach the topic of alarms"


def freshness(objects: Objects) -> Iterator[str]:
    """Logins of the database, which change without anybody's asking, are followed more closely than the rest."""
    for secret in objects.of("ExternalSecret"):
        is_a_login = {"username", "password"} <= {each["secretKey"] for each in secret["spec"]["data"]}
        if secret["spec"]["refreshInterval"] not in _FRESH[is_a_login]:
            yield f"{called(secret)}: follows its source only every {secret['spec']['refreshInterval']}"


def brings(objects: Objects, name: str) -> set[str]:
    """Keys of a Kubernetes secret, by the ExternalSecret that it comes from."""
    return {
        key
        for secret in objects.of("ExternalSecret")
        if secret["spec"]["target"]["name"] == name
        for key in secret["spec"]["target"].get("template", {}).get("data")
        or [each["secretKey"] for each in secret["spec"]["data"]]
    }


def network(objects: Objects) -> Iterator[str]:
    """Everything is closed, and each workload has one policy of its own, with ports that its peers have."""
    policies = objects.of("NetworkPolicy")
    closed = [
        policy
        for policy in policies
        if policy["spec"]["podSelector"] == {}
        and set(policy["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and "ingress" not in policy["spec"]
        and "egress" not in policy["spec"]
    ]
    if len(closed) != 1:
        yield "NetworkPolicy: none closes the namespace by default"
    owns = [policy for policy in policies if "matchLabels" in policy["spec"]["podSelector"]]
    for pod in objects.pods:
        mine = [policy for policy in owns if pod.is_selected_by(policy["spec"]["podSelector"]["matchLabels"])]
        if len(mine) != 1:
            yield f"{pod}: has {len(mine)} policies of its own, not one"
    for policy in owns:
        selected = objects.selected(policy["spec"]["podSelector"]["matchLabels"])
        if not selected:
            yield f"{called(policy)}: selects no pods"
        for rule in policy["spec"].get("ingress", []):
            yield from _closed_ports(policy, rule, selected)
        for rule in policy["spec"].get("egress", []):
            for peer in rule["to"]:
                if "podSelector" in peer and "namespaceSelector" not in peer:
                    yield from _closed_ports(policy, rule, objects.selected(peer["podSelector"]["matchLabels"]))


def _closed_ports(policy: Body, rule: Body, pods: list[Pod]) -> Iterator[str]:
    for port in rule["ports"]:
        if not any(port["port"] in pod.ports.values() for pod in pods):
            yield f"{called(policy)}: nobody listens at port {port['port']}"


def _webhooks(objects: Objects) -> Iterator[tuple[Body, Body]]:
    """Addresses that Alertmanager reads from secrets."""
    for config in objects.of("AlertmanagerConfig"):
        for receiver in config["spec"]["receivers"]:
            yield from ((config, webhook["urlSecret"]) for webhook in receiver.get("webhookConfigs", []))


def _wanted(pod: Pod) -> Iterator[tuple[str, set[str]]]:
    for container in pod.containers:
        for source in container.get("envFrom", []):
            yield source["secretRef"]["name"], set()
    for volume in pod.spec.get("volumes", []):
        if "secret" in volume:
            yield volume["secret"]["secretName"], {item["key"] for item in volume["secret"]["items"]}
