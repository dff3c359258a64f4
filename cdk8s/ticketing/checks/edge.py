"""The load balancer as the shop takes it for granted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdk.names import Output
from ticketing.checks.objects import Body, Objects, called
from ticketing.inputs import Inputs

_ALB = "alb.ingress.kubernetes.io"
_PAGE = "/"  # where the page's Service answers
_STAYS = range(60, 601)  # seconds
_A_DAY = 86_400  # the load balancer's own choice


def edge(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """It keeps a log, has its firewall, and gives each pod its turn; and pods believe it alone about addresses."""
    for ingress in objects.of("Ingress"):
        annotations = ingress["metadata"]["annotations"]
        attributes = listed(annotations, "load-balancer-attributes")
        log = (attributes.get("access_logs.s3.enabled"), attributes.get("access_logs.s3.bucket"))
        if log != ("true", inputs[Output.LOAD_BALANCER_LOGS]):
            yield f"{called(ingress)}: keeps no log of requests in the bucket of the stacks"
        if annotations.get(f"{_ALB}/wafv2-acl-arn") != inputs[Output.WEB_ACL]:
            yield f"{called(ingress)}: is not behind the firewall of the stacks"
        for prefix, service, targets in target_groups(objects, ingress):
            yield from (f"{called(service)}: {what}" for what in _turns(prefix, targets))
        if attributes.get("routing.http.xff_header_processing.mode") != "append":
            yield f"{called(ingress)}: does not say who asks in the way that pods read"
    for pod in objects.pods:
        for container in pod.containers:
            hops = {each["name"]: each["value"] for each in container.get("env", [])}.get("TRUSTED_HOPS", "1")
            if hops != "1":
                yield f"{pod}: believes {hops} who pass requests on, and there is the load balancer alone"


def _turns(prefix: str, targets: Mapping[str, str]) -> Iterator[str]:
    """Whose turn the next request is: with the page its own pod's, else the next one's."""
    algorithm = targets.get("load_balancing.algorithm.type")
    if algorithm != "round_robin":
        yield f"by {algorithm} streams count for ever, and a new pod gets nearly every request"
    sticky = targets.get("stickiness.enabled") == "true" and targets.get("stickiness.type") == "lb_cookie"
    if prefix != _PAGE:
        if sticky:
            yield "customers stay with their pods, and those that come for a sale help nobody"
    elif not sticky:
        yield "in a rollout a page and its files come from different builds, and the page stays blank"
    elif int(targets.get("stickiness.lb_cookie.duration_seconds", _A_DAY)) not in _STAYS:
        yield f"{_STAYS[0]} s for a page and its files are enough, and after {_STAYS[-1]} s pods have unlike work"


def target_groups(objects: Objects, ingress: Body) -> Iterator[tuple[str, Body, Mapping[str, str]]]:
    """For each path its Service, and its attributes: those of the Service, if it has any, in place of the Ingress's."""
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            name = path["backend"]["service"]["name"]
            if name in objects.names("Service"):
                service = objects.one("Service", name)
                annotations = {**ingress["metadata"]["annotations"], **service["metadata"].get("annotations", {})}
                yield path["path"], service, listed(annotations, "target-group-attributes")


def listed(annotations: Body, name: str) -> Mapping[str, str]:
    """Attributes as the controller reads them: name=value,name=value."""
    return dict(each.split("=", 1) for each in annotations[f"{_ALB}/{name}"].split(","))
