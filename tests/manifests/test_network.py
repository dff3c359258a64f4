"""Who may talk to whom: the whole list, so that nobody is added to it by accident."""

from collections.abc import Iterator
from typing import Any

import pytest

from cdk.names import Output
from ticketing.checks.objects import Objects
from ticketing.inputs import Inputs

PUBLIC, DATA = "load balancer", "database"
AGENT, INTERNET, OURS = "pod identity", "internet but ours", "VPC or cluster"
PROMETHEUS, DNS = "prometheus", "dns"

# By workload: who comes in, at which port; where it goes. Only dev has payments.
COMES = {
    "backend": {(PUBLIC, 8080), (PROMETHEUS, 9102)},
    "worker": {(PROMETHEUS, 9102)},
    "frontend": {(PUBLIC, 8080)},
    "migration": set(),
    "rotation": set(),
    "prescaling": set(),
    "probe": set(),
}
GOES = {
    "backend": {(DATA, 5432), (PROMETHEUS, 9090)},
    "worker": {(DATA, 5432), (AGENT, 80), (INTERNET, 443)},
    "frontend": set(),
    "migration": {(DATA, 5432)},
    "rotation": {(DATA, 5432), (AGENT, 80)},
    "prescaling": {(DATA, 5432), (OURS, 443)},
    "probe": {(DATA, 5432), (INTERNET, 443)},
}
IN_DEV_COMES = {
    "backend": {("payments", 8080)},
    "payments": {(PUBLIC, 8082), ("backend", 8082), ("worker", 8082)},
}
IN_DEV_GOES = {
    "backend": {("payments", 8082)},
    "worker": {("payments", 8082)},
    "payments": {("backend", 8080)},
    "rotation": {(INTERNET, 443)},
}
# Stripe; and Secrets Manager at its endpoint in the VPC.
IN_PROD_GOES = {"backend": {(INTERNET, 443)}, "rotation": {(OURS, 443)}}

Talk = dict[str, set[tuple[str, int]]]


def merged(*parts: Talk) -> Talk:
    return {name: set().union(*(part.get(name, set()) for part in parts)) for part in parts for name in part}


def places(peer: Any, inputs: Inputs) -> Iterator[str]:
    if "ipBlock" in peer:
        known = {
            **dict.fromkeys(inputs.blocks(Output.PUBLIC_SUBNETS), PUBLIC),
            **dict.fromkeys(inputs.blocks(Output.DATA_SUBNETS), DATA),
            "169.254.170.23/32": AGENT,
            inputs.env.network.service_cidr: OURS,
            inputs.env.network.cidr: OURS,
        }
        if peer["ipBlock"]["cidr"] == "0.0.0.0/0":
            assert peer["ipBlock"]["except"] == [inputs.env.network.cidr, inputs.env.network.service_cidr]
            yield INTERNET
            return
        yield known[peer["ipBlock"]["cidr"]]
        return
    pods = peer["podSelector"]["matchLabels"]
    namespace = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name")
    match namespace, pods:
        case "monitoring", {"app.kubernetes.io/name": "prometheus"}:
            yield PROMETHEUS
        case "kube-system", {"k8s-app": "kube-dns"}:
            yield DNS
        case None, {"app.kubernetes.io/name": name}:
            yield name


def talks(manifests: Objects, inputs: Inputs, direction: str, peers: str) -> Talk:
    return {
        policy["metadata"]["name"]: {
            (place, port["port"])
            for rule in policy["spec"].get(direction, [])
            for peer in rule[peers]
            for place in places(peer, inputs)
            for port in rule["ports"]
        }
        for policy in manifests.of("NetworkPolicy")
        if policy["metadata"]["name"] not in {"closed", "names"}
    }


def test_nobody_comes_in_who_is_not_listed(manifests: Objects, inputs: Inputs) -> None:
    expected = merged(COMES, IN_DEV_COMES) if inputs.env.name == "dev" else COMES
    assert talks(manifests, inputs, "ingress", "from") == expected


def test_nobody_goes_out_who_is_not_listed(manifests: Objects, inputs: Inputs) -> None:
    expected = merged(GOES, IN_DEV_GOES if inputs.env.name == "dev" else IN_PROD_GOES)
    assert talks(manifests, inputs, "egress", "to") == expected


def test_all_pods_may_ask_for_names_and_all_else_is_closed(manifests: Objects, inputs: Inputs) -> None:
    closed, dns = (manifests.one("NetworkPolicy", name)["spec"] for name in ("closed", "names"))
    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert dns["podSelector"] == {}
    (rule,) = dns["egress"]
    assert list(places(rule["to"][0], inputs)) == [DNS]
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}


@pytest.mark.parametrize("kind", ["Service", "Ingress"])
def test_metrics_have_no_way_in_from_outside(manifests: Objects, kind: str) -> None:
    assert manifests.of(kind)
    assert not any("metrics" in str(each["spec"]) or "9102" in str(each["spec"]) for each in manifests.of(kind))
