"""The way in: Services, and the Ingress of which the controller makes the load balancer.

It is applied before any pod: only then does the controller hold each new pod back until the load balancer knows it.
"""

from __future__ import annotations

from collections.abc import Mapping

from cdk8s import Chart
from cdk8s_plus_36 import k8s
from constructs import Construct

from cdk import names
from cdk.images import BACKEND_PORT, FRONTEND_PORT, PAYMENTS_PORT
from cdk.names import Output
from ticketing.inputs import Inputs
from ticketing.labels import metadata, selector
from ticketing.shop import BACKEND, FRONTEND, HTTP, PAYMENTS, sells_for_real

# TLS 1.2 and 1.3 with forward secrecy only, with a key exchange that also holds against quantum computers.
_TLS = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
_ALB = "alb.ingress.kubernetes.io"
_STAYS = 300  # seconds: longer than a page takes to fetch all that it is made of, on a poor connection too


class Edge(Chart):
    """`/api` to the backend, the pages of the test bank where there is one, and everything else to nginx."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        paths = [_path("/api", BACKEND), _path("/", FRONTEND)]
        _service(self, inputs, BACKEND, BACKEND_PORT, health="/readiness")
        _service(self, inputs, FRONTEND, FRONTEND_PORT, health="/healthz", more=_one_pod_for_a_page(inputs))
        if not sells_for_real(inputs):
            _service(self, inputs, PAYMENTS, PAYMENTS_PORT, health="/")
            paths.insert(1, _path("/pay", PAYMENTS))
        k8s.KubeIngress(
            self,
            "Ingress",
            metadata=metadata(inputs, names.PRODUCT, annotations=_annotations(inputs)),
            spec=k8s.IngressSpec(
                ingress_class_name="alb",
                rules=[
                    # Whoever comes by another name than the shop's is a scanner: the load balancer answers 404.
                    k8s.IngressRule(host=inputs.env.edge.domain, http=k8s.HttpIngressRuleValue(paths=paths))
                ],
            ),
        )


def _service(
    scope: Construct, inputs: Inputs, name: str, port: int, *, health: str, more: Mapping[str, str] | None = None
) -> None:
    """Customers' port alone: metrics have another one, which no Service knows.

    more: annotations besides, each of which takes the place of the Ingress's own.
    """
    k8s.KubeService(
        scope,
        f"{name}-service",
        metadata=metadata(inputs, name, annotations={f"{_ALB}/healthcheck-path": health, **(more or {})}),
        spec=k8s.ServiceSpec(
            type="ClusterIP",
            selector=selector(name),
            ports=[
                k8s.ServicePort(
                    name=HTTP, port=port, target_port=k8s.IntOrString.from_string(HTTP), app_protocol="http"
                )
            ],
        ),
    )


def _path(prefix: str, service: str) -> k8s.HttpIngressPath:
    return k8s.HttpIngressPath(
        path=prefix,
        path_type="Prefix",
        backend=k8s.IngressBackend(
            service=k8s.IngressServiceBackend(name=service, port=k8s.ServiceBackendPort(name=HTTP))
        ),
    )


def _annotations(inputs: Inputs) -> dict[str, str]:
    env, rollout = inputs.env, inputs.env.rollout
    load_balancer = {
        "idle_timeout.timeout_seconds": rollout.idle,
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "routing.http.xff_header_processing.mode": "append",
        "routing.http2.enabled": "true",
        "deletion_protection.enabled": str(env.protected).lower(),
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": inputs[Output.LOAD_BALANCER_LOGS],
    }
    settings = {
        "load-balancer-name": names.load_balancer(env.name),
        "group.name": names.prefix(env.name),
        "scheme": "internet-facing",
        "target-type": "ip",
        "listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
        "ssl-redirect": "443",
        "ssl-policy": _TLS,
        "certificate-arn": inputs[Output.CERTIFICATE],
        "wafv2-acl-arn": inputs[Output.WEB_ACL],
        "healthcheck-protocol": "HTTP",
        "healthcheck-port": "traffic-port",
        "healthcheck-interval-seconds": rollout.health_interval,
        "healthcheck-timeout-seconds": rollout.health_timeout,
        "healthy-threshold-count": rollout.healthy,
        "unhealthy-threshold-count": rollout.unhealthy,
        "success-codes": "200",
        "load-balancer-attributes": _listed(load_balancer),
        "target-group-attributes": _listed(_targets(inputs)),
    }
    return {f"{_ALB}/{key}": str(value) for key, value in settings.items()}


def _targets(inputs: Inputs) -> dict[str, object]:
    return {
        "deregistration_delay.timeout_seconds": inputs.env.rollout.deregistration,
        # By turns: a stream is a request that never ends, so by the fewest open ones a new pod would get nearly all.
        "load_balancing.algorithm.type": "round_robin",
    }


def _one_pod_for_a_page(inputs: Inputs) -> dict[str, str]:
    """In a rollout two builds answer side by side, and neither has the other's files.

    For the page alone: whoever holds tickets is the same to every pod of the backend, and a sale needs them all.
    """
    sticky = {
        "stickiness.enabled": "true",
        "stickiness.type": "lb_cookie",
        "stickiness.lb_cookie.duration_seconds": _STAYS,
    }
    return {f"{_ALB}/target-group-attributes": _listed({**_targets(inputs), **sticky})}


def _listed(attributes: dict[str, object]) -> str:
    return ",".join(f"{key}={value}" for key, value in attributes.items())
