"""Pods as all of ours are: no rights, no root, nothing to write on but what they ask for, and known needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cdk8s_plus_36 import k8s

from cdk import names
from cdk.images import USER
from cdk.settings import Environment
from ticketing.inputs import Inputs
from ticketing.labels import selector

TEMPORARY = "/tmp"  # noqa: S108 - a volume of the pod's own
_ROOM = "64Mi"
_ZONE, _HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Values of a secret as files, which follow it when it changes. items: key in the secret: name of the file."""

    secret: str
    path: str
    items: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a container is given: cpu as a share that it can count on, memory as what it may take at most."""

    cpu: str
    memory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One container's process. image: by the name of its repository. secrets: whose keys become variables."""

    image: str
    needs: Needs
    args: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    files: Sequence[Files] = ()
    ports: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Where a running process is asked, at one of its named ports."""

    port: str
    started: str
    ready: str
    alive: str


def service_pod(
    inputs: Inputs, name: str, process: Process, health: Health, *, priority: str, spread: bool
) -> k8s.PodTemplateSpec:
    """For what runs until it is told to go, and then takes its time. spread: over zones, strictly."""
    rollout = inputs.env.rollout
    container = _container(
        inputs,
        name,
        process,
        lifecycle=k8s.Lifecycle(pre_stop=k8s.LifecycleHandler(sleep=k8s.SleepAction(seconds=rollout.pre_stop))),
        startup_probe=_probe(health.started, health.port, every=2, failures=30),
        readiness_probe=_probe(health.ready, health.port, every=5, failures=2),
        # Slow to end a process that may only be busy: what it holds in memory is lost with it.
        liveness_probe=_probe(health.alive, health.port, every=10, failures=6),
    )
    return _template(
        name,
        process,
        container,
        priority=priority,
        restart="Always",
        grace=rollout.grace,
        topology_spread_constraints=_spread(name, zones="DoNotSchedule" if spread else "ScheduleAnyway"),
    )


def task_pod(inputs: Inputs, name: str, process: Process, *, priority: str, token: bool = False) -> k8s.PodTemplateSpec:
    """For what does one thing and ends. token: it speaks with the cluster's API."""
    return _template(
        name,
        process,
        _container(inputs, name, process),
        priority=priority,
        restart="Never",
        grace=30,
        automount_service_account_token=token,
    )


def _template(
    name: str, process: Process, container: k8s.Container, *, priority: str, restart: str, grace: int, **more: object
) -> k8s.PodTemplateSpec:
    spec: dict[str, object] = {
        "service_account_name": name,
        "automount_service_account_token": False,  # AWS's agent brings a token of its own
        "enable_service_links": False,
        "restart_policy": restart,
        "priority_class_name": priority,
        "termination_grace_period_seconds": grace,
        "security_context": k8s.PodSecurityContext(
            run_as_non_root=True,
            run_as_user=USER,
            run_as_group=USER,
            fs_group=USER,
            seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
        ),
        "volumes": _volumes(process),
        "containers": [container],
        **more,
    }
    return k8s.PodTemplateSpec(
        # Not managed-by: what is made from a template was never applied, and is not to be pruned.
        metadata=k8s.ObjectMeta(
            labels=selector(name),
            # Said when they are deployed: pods whose variables have changed are replaced, all of them at once.
            annotations={names.SECRETS_VERSION: "unknown"} if process.secrets else None,
        ),
        spec=k8s.PodSpec(**spec),  # type: ignore[arg-type]  # the pieces above are of the types it wants
    )


def _container(inputs: Inputs, name: str, process: Process, **more: object) -> k8s.Container:
    room = k8s.Quantity.from_string(_ROOM)
    memory = k8s.Quantity.from_string(process.needs.memory)
    settings: dict[str, object] = {
        "image": inputs.images[process.image],
        "image_pull_policy": "IfNotPresent",  # a digest or a commit: there is nothing newer to pull
        "args": list(process.args) or None,
        "ports": [k8s.ContainerPort(name=port, container_port=number) for port, number in process.ports.items()]
        or None,
        "env": [k8s.EnvVar(name=key, value=value) for key, value in sorted(process.variables.items())] or None,
        "env_from": [
            k8s.EnvFromSource(secret_ref=k8s.SecretEnvSource(name=secret, optional=False)) for secret in process.secrets
        ]
        or None,
        "resources": k8s.ResourceRequirements(
            # No limit on the processor: what nobody else wants may be used, and throttling would show as latency.
            requests={"cpu": k8s.Quantity.from_string(process.needs.cpu), "memory": memory, "ephemeral-storage": room},
            limits={"memory": memory, "ephemeral-storage": k8s.Quantity.from_string("256Mi")},
        ),
        "security_context": k8s.SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            privileged=False,
            capabilities=k8s.Capabilities(drop=["ALL"]),
        ),
        "volume_mounts": [
            k8s.VolumeMount(name="temporary", mount_path=TEMPORARY),
            *(k8s.VolumeMount(name=each.secret, mount_path=each.path, read_only=True) for each in process.files),
        ],
        **more,
    }
    return k8s.Container(name=name, **settings)  # type: ignore[arg-type]  # as above


def _volumes(process: Process) -> list[k8s.Volume]:
    temporary = k8s.EmptyDirVolumeSource(size_limit=k8s.Quantity.from_string(_ROOM))
    return [
        k8s.Volume(name="temporary", empty_dir=temporary),
        *(
            k8s.Volume(
                name=each.secret,
                secret=k8s.SecretVolumeSource(
                    secret_name=each.secret,
                    default_mode=0o440,
                    optional=False,
                    items=[k8s.KeyToPath(key=key, path=path) for key, path in each.items.items()],
                ),
            )
            for each in process.files
        ),
    ]


def _probe(path: str, port: str, *, every: int, failures: int) -> k8s.Probe:
    return k8s.Probe(
        http_get=k8s.HttpGetAction(path=path, port=k8s.IntOrString.from_string(port)),
        period_seconds=every,
        timeout_seconds=min(every, 4),
        failure_threshold=failures,
    )


def _spread(name: str, *, zones: str) -> list[k8s.TopologySpreadConstraint]:
    """Evenly over zones, and over machines where that can be. A rollout counts its own pods alone."""
    return [
        k8s.TopologySpreadConstraint(
            max_skew=1,
            topology_key=key,
            when_unsatisfiable=otherwise,
            label_selector=k8s.LabelSelector(match_labels=selector(name)),
            match_label_keys=["pod-template-hash"],
            # Else a zone whose nodes are all lost still counts, and the pods that it owes nobody can place.
            node_taints_policy="Honor",
        )
        for key, otherwise in ((_ZONE, zones), (_HOST, "ScheduleAnyway"))
    ]


def needs(env: Environment, workload: str) -> Needs:
    """As the settings say of backend, worker or frontend."""
    settings = getattr(env, workload)
    return Needs(cpu=settings.cpu, memory=settings.memory)
