"""Who may talk to whom: nobody, but for what is listed here."""

from __future__ import annotations

from collections.abc import Sequence

from cdk8s import Chart
from cdk8s_plus_36 import k8s
from constructs import Construct

from cdk import names
from cdk.images import BACKEND_PORT, FRONTEND_PORT, METRICS_PORT, PAYMENTS_PORT
from cdk.names import Output
from ticketing.inputs import Inputs
from ticketing.labels import KUBERNETES_NAME, metadata, selector
from ticketing.shop import (
    BACKEND,
    FRONTEND,
    MIGRATION,
    PAYMENTS,
    PRESCALING,
    PROBE,
    ROTATION,
    WORKER,
    sells_for_real,
)

# Where pods get the credentials of their AWS role: the agent of Pod Identity, on each node.
POD_IDENTITY = "169.254.170.23/32"
_ANYWHERE = "0.0.0.0/0"
_PROMETHEUS_PORT = 9090
_POSTS, _ROTATES = ("sns", "sqs", "email"), ("secretsmanager",)  # AWS services that worker and rotation ask

Peers = Sequence[k8s.NetworkPolicyPeer]


class Policies(Chart):
    """All closed, then a policy for each workload that says who comes in and where it goes."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        self._inputs = inputs
        self._closed()
        load_balancer = _blocks(inputs.blocks(Output.PUBLIC_SUBNETS))
        database = _to(_blocks(inputs.blocks(Output.DATA_SUBNETS)), int(inputs[Output.DATABASE_PORT]))
        scraped = _from(_prometheus(), METRICS_PORT)
        agent, internet = _to(_blocks([POD_IDENTITY]), 80), _to(self._internet(), 443)
        # Asked inside the VPC where the settings have an endpoint for them there.
        inside = [_to(_blocks([inputs.env.network.cidr]), 443)]
        posts, rotates = ({*services} & {*inputs.env.network.endpoints} for services in (_POSTS, _ROTATES))
        bank = [] if sells_for_real(inputs) else [_to(_pods(PAYMENTS), PAYMENTS_PORT)]
        stripe = [internet] if sells_for_real(inputs) else []
        reporters = [] if sells_for_real(inputs) else [_from(_pods(PAYMENTS), BACKEND_PORT)]

        self._allow(
            BACKEND,
            comes=[_from(load_balancer, BACKEND_PORT), *reporters, scraped],
            goes=[database, _to(_prometheus(), _PROMETHEUS_PORT), *bank, *stripe],
        )
        self._allow(WORKER, comes=[scraped], goes=[database, agent, internet, *(inside if posts else []), *bank])
        self._allow(FRONTEND, comes=[_from(load_balancer, FRONTEND_PORT)], goes=[])
        self._allow(MIGRATION, comes=[], goes=[database])
        self._allow(ROTATION, comes=[], goes=[database, agent, *(inside if rotates else [internet])])
        # The cluster's API: a service first, then one of its addresses in the VPC.
        api = _to(_blocks([inputs.env.network.service_cidr, inputs.env.network.cidr]), 443)
        self._allow(PRESCALING, comes=[], goes=[database, api])
        self._allow(PROBE, comes=[], goes=[database, internet])  # the shop's own address is a public one
        if not sells_for_real(inputs):
            self._allow(
                PAYMENTS,
                comes=[_from([*load_balancer, *_pods(BACKEND), *_pods(WORKER)], PAYMENTS_PORT)],
                goes=[_to(_pods(BACKEND), BACKEND_PORT)],
            )

    def _internet(self) -> Peers:
        """Not what is ours: neither the VPC nor the cluster's own addresses."""
        network = self._inputs.env.network
        block = k8s.IpBlock(cidr=_ANYWHERE, except_=[network.cidr, network.service_cidr])
        return [k8s.NetworkPolicyPeer(ip_block=block)]

    def _closed(self) -> None:
        k8s.KubeNetworkPolicy(
            self,
            "Closed",
            metadata=metadata(self._inputs, "closed"),
            spec=k8s.NetworkPolicySpec(pod_selector=k8s.LabelSelector(), policy_types=["Ingress", "Egress"]),
        )
        dns = [
            k8s.NetworkPolicyPort(port=k8s.IntOrString.from_number(53), protocol=protocol)
            for protocol in ("UDP", "TCP")
        ]
        resolver = k8s.NetworkPolicyPeer(
            namespace_selector=_named(names.KUBE_SYSTEM),
            pod_selector=k8s.LabelSelector(match_labels={"k8s-app": "kube-dns"}),
        )
        k8s.KubeNetworkPolicy(
            self,
            "Names",
            metadata=metadata(self._inputs, "names"),
            spec=k8s.NetworkPolicySpec(
                pod_selector=k8s.LabelSelector(),
                policy_types=["Egress"],
                egress=[k8s.NetworkPolicyEgressRule(to=[resolver], ports=dns)],
            ),
        )

    def _allow(
        self,
        name: str,
        *,
        comes: Sequence[k8s.NetworkPolicyIngressRule],
        goes: Sequence[k8s.NetworkPolicyEgressRule],
    ) -> None:
        k8s.KubeNetworkPolicy(
            self,
            name.title(),
            metadata=metadata(self._inputs, name),
            spec=k8s.NetworkPolicySpec(
                pod_selector=k8s.LabelSelector(match_labels=selector(name)),
                policy_types=["Ingress", "Egress"],
                ingress=comes,
                egress=goes,
            ),
        )


def _blocks(cidrs: Sequence[str]) -> list[k8s.NetworkPolicyPeer]:
    return [k8s.NetworkPolicyPeer(ip_block=k8s.IpBlock(cidr=cidr)) for cidr in cidrs]


def _pods(name: str) -> list[k8s.NetworkPolicyPeer]:
    """Of our own namespace."""
    return [k8s.NetworkPolicyPeer(pod_selector=k8s.LabelSelector(match_labels=selector(name)))]


def _prometheus() -> list[k8s.NetworkPolicyPeer]:
    return [
        k8s.NetworkPolicyPeer(
            namespace_selector=_named(names.MONITORING),
            pod_selector=k8s.LabelSelector(match_labels={"app.kubernetes.io/name": "prometheus"}),
        )
    ]


def _named(namespace: str) -> k8s.LabelSelector:
    return k8s.LabelSelector(match_labels={KUBERNETES_NAME: namespace})


def _from(peers: Peers, port: int) -> k8s.NetworkPolicyIngressRule:
    return k8s.NetworkPolicyIngressRule(from_=peers, ports=[_port(port)])


def _to(peers: Peers, port: int) -> k8s.NetworkPolicyEgressRule:
    return k8s.NetworkPolicyEgressRule(to=peers, ports=[_port(port)])


def _port(number: int) -> k8s.NetworkPolicyPort:
    return k8s.NetworkPolicyPort(port=k8s.IntOrString.from_number(number), protocol="TCP")
