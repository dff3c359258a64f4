"""What all else stands on: the namespace, what its pods may be, and which of them matter most."""

from __future__ import annotations

from cdk8s import Chart
from cdk8s_plus_36 import k8s
from constructs import Construct

from ticketing.inputs import Inputs
from ticketing.labels import labels
from ticketing.workloads import BACKGROUND, SERVING


class Ground(Chart):
    """The namespace and the two priorities."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs) -> None:
        super().__init__(scope, name)
        version = f"v{inputs.env.cluster.version}"
        k8s.KubeNamespace(
            self,
            "Namespace",
            metadata=k8s.ObjectMeta(
                name=inputs.namespace,
                labels={
                    **labels(inputs.namespace),
                    **{
                        f"pod-security.kubernetes.io/{mode}{suffix}": value
                        for mode in ("enforce", "audit", "warn")
                        for suffix, value in (("", "restricted"), ("-version", version))
                    },
                    # A pod counts as ready only when the load balancer has found it well, so a rollout waits for that.
                    "elbv2.k8s.aws/pod-readiness-gate-inject": "enabled",
                },
            ),
        )
        _priority(self, SERVING, 100_000, "What customers wait for")
        _priority(self, BACKGROUND, 1_000, "What can wait until there is room", preempts=False)


def _priority(scope: Construct, name: str, value: int, description: str, *, preempts: bool = True) -> None:
    """preempts: may end what has a lower one, to have its place."""
    k8s.KubePriorityClass(
        scope,
        name,
        metadata=k8s.ObjectMeta(name=name, labels=labels(name)),
        value=value,
        global_default=False,
        description=description,
        preemption_policy="PreemptLowerPriority" if preempts else "Never",
    )
