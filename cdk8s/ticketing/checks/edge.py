"""The load balancer as the shop takes it for granted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cdk.names import Output
from ticketing.checks.objects import Body, Objects, called
from ticketing.inputs import Inputs

_ALB = "alb.ingress.kubernetes.io"


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
        algorithm = listed(annotations, "target-group-attributes").get("load_balancing.algorithm.type")
        if algorithm != "round_robin":
            yield f"{called(ingress)}: by {algorithm} streams count for ever, and a new pod gets nearly every request"
        if attributes.get("routing.http.xff_header_processing.mode") != "append":
            yield f"{called(ingress)}: does not say who asks in the way that pods read"
    for pod in objects.pods:
        for container in pod.containers:
            hops = {each["name"]: each["value"] for each in container.get("env", [])}.get("TRUSTED_HOPS", "1")
            if hops != "1":
                yield f"{pod}: believes {hops} who pass requests on, and there is the load balancer alone"


def listed(annotations: Body, name: str) -> Mapping[str, str]:
    """Attributes as the controller reads them: name=value,name=value."""
    return dict(each.split("=", 1) for each in annotations[f"{_ALB}/{name}"].split(","))
