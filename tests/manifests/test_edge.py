"""The way in: what the load balancer is asked for, and that its times agree with those of the service."""

from typing import Any

import pytest

from backend import app
from backend.web.edge import EdgeOptions
from backend.web.sse import HubOptions
from cdk import images, names
from cdk.names import Output
from cdk.settings import SettingsError
from cdk.settings.rollout import DEADLINE, FINISH, KEEP_ALIVE, Rollout
from ticketing.checks.objects import Objects
from ticketing.inputs import Inputs

PREFIX = "alb.ingress.kubernetes.io/"


@pytest.fixture
def ingress(manifests: Objects) -> Any:
    return manifests.one("Ingress", names.PRODUCT)


def asked(ingress: Any, name: str) -> str:
    return str(ingress["metadata"]["annotations"][PREFIX + name])


def test_the_api_goes_to_the_backend_and_all_else_to_the_page(ingress: Any, inputs: Inputs) -> None:
    (rule,) = ingress["spec"]["rules"]
    paths = [(each["path"], each["backend"]["service"]["name"]) for each in rule["http"]["paths"]]
    bank = [("/pay", "payments")] if inputs.env.name == "dev" else []
    assert (rule["host"], paths) == (inputs.env.edge.domain, [("/api", "backend"), *bank, ("/", "frontend")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scheme", "internet-facing"),
        ("target-type", "ip"),
        ("listen-ports", '[{"HTTP": 80}, {"HTTPS": 443}]'),
        ("ssl-redirect", "443"),
        ("ssl-policy", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"),
        ("success-codes", "200"),
        ("healthcheck-port", "traffic-port"),
        ("healthcheck-interval-seconds", "10"),
        ("healthcheck-timeout-seconds", "4"),
        ("healthy-threshold-count", "2"),
        ("unhealthy-threshold-count", "3"),
    ],
)
def test_the_load_balancer_is_asked_for(name: str, value: str, ingress: Any) -> None:
    assert ingress["spec"]["ingressClassName"] == "alb"
    assert asked(ingress, name) == value


def test_certificate_firewall_and_log_are_those_of_the_stacks(ingress: Any, inputs: Inputs) -> None:
    assert asked(ingress, "certificate-arn") == inputs[Output.CERTIFICATE]
    assert asked(ingress, "wafv2-acl-arn") == inputs[Output.WEB_ACL]
    attributes = dict(each.split("=") for each in asked(ingress, "load-balancer-attributes").split(","))
    assert attributes["access_logs.s3.bucket"] == inputs[Output.LOAD_BALANCER_LOGS]
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["deletion_protection.enabled"] == ("true" if inputs.env.protected else "false")
    assert asked(ingress, "load-balancer-name") == names.load_balancer(inputs.env.name)


@pytest.mark.parametrize(("service", "path"), [("backend", "/readiness"), ("frontend", "/healthz")])
def test_pods_are_asked_for_their_health_where_they_answer_it(service: str, path: str, manifests: Objects) -> None:
    annotations = manifests.one("Service", service)["metadata"]["annotations"]
    assert annotations[f"{PREFIX}healthcheck-path"] == path


def test_the_page_alone_stays_with_its_pod(manifests: Objects, inputs: Inputs) -> None:
    name = f"{PREFIX}target-group-attributes"
    own = {each["metadata"]["name"]: each["metadata"]["annotations"].get(name) for each in manifests.of("Service")}
    of_all = f"deregistration_delay.timeout_seconds={inputs.env.rollout.deregistration}"
    of_all += ",load_balancing.algorithm.type=round_robin"
    assert manifests.one("Ingress", names.PRODUCT)["metadata"]["annotations"][name] == of_all
    # Those of a Service take the place of all of the Ingress's.
    sticky = "stickiness.enabled=true,stickiness.type=lb_cookie,stickiness.lb_cookie.duration_seconds=300"
    assert own.pop("frontend") == f"{of_all},{sticky}"
    assert set(own.values()) == {None}


def test_the_way_in_is_applied_before_the_pods_and_the_wide_schema_before_both(manifests: Objects) -> None:
    order = [f"{body['kind']} {body['metadata']['name']}".split("-")[0] for body in manifests.bodies]
    pods = min(place for place, body in enumerate(manifests.bodies) if body["kind"] == "Deployment")
    jobs = [place for place, name in enumerate(order) if name == "Job migrate"]
    ingress = order.index(f"Ingress {names.PRODUCT}")
    policies = [place for place, body in enumerate(manifests.bodies) if body["kind"] == "NetworkPolicy"]
    assert max(policies) < jobs[0] < ingress < pods < jobs[1] == len(order) - 1


def test_the_times_are_those_of_the_service() -> None:
    assert (EdgeOptions().deadline, app._SHUTDOWN_SECONDS, app._KEEP_ALIVE_SECONDS) == (DEADLINE, FINISH, KEEP_ALIVE)


def test_a_stream_says_something_before_the_load_balancer_closes_it(inputs: Inputs) -> None:
    assert HubOptions().ping * 2 < inputs.env.rollout.idle


def test_the_whole_goodbye_fits_into_the_grace_of_a_pod() -> None:
    rollout = Rollout()
    assert rollout.grace == rollout.pre_stop + rollout.drain + FINISH + rollout.margin == 55


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"pre_stop": 14}, "rollout.pre_stop is 14: the load balancer takes up to 15 s"),
        ({"drain": 1}, "rollout.drain is 1"),
        ({"margin": 4}, "rollout.margin is 4"),
        ({"deregistration": 6}, "rollout.deregistration is 6"),
        ({"idle": 75}, "rollout.idle is 75"),
        ({"health_timeout": 10}, "rollout.health_timeout must be below"),
    ],
)
def test_times_that_do_not_fit_are_refused_where_they_are_written(changed: dict[str, int], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Rollout(**changed)


def test_pods_run_as_the_user_and_listen_at_the_ports_that_images_are_built_for(manifests: Objects) -> None:
    assert {pod.spec["securityContext"]["runAsUser"] for pod in manifests.pods} == {images.USER}
    ports = {pod.owner["metadata"]["name"]: pod.ports for pod in manifests.pods if pod.ports}
    assert ports["backend"] == {"http": images.BACKEND_PORT, "metrics": images.METRICS_PORT}
    assert ports["frontend"] == {"http": images.FRONTEND_PORT}
