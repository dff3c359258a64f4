"""The ground that the service stands on, as kube-state-metrics and the kubelet report it, and the blackbox exporter."""

from collections.abc import Iterator

from slo.rules.model import Alert, Group
from slo.spec import Spec

_CONTAINER = "namespace, pod, container"
_DAY = 86400


def groups(spec: Spec) -> Iterator[Group]:
    yield Group(
        "platform",
        (_crash_loop(spec), _out_of_memory(), _at_maximum(spec), _volume(spec), _certificate(spec)),
    )


def _crash_loop(spec: Spec) -> Alert:
    """Over an hour, as Kubernetes waits up to five minutes between two tries; over once it has run for fifteen."""
    restarts = f"sum by ({_CONTAINER}) (increase(kube_pod_container_status_restarts_total"
    return Alert(
        name="PodCrashLooping",
        when=f"{spec.alerting.platform.restarts} restarts of a container in 1h, the last within 15m",
        expr=f"{restarts}[1h])) >= {spec.alerting.platform.restarts}\nand {restarts}[15m])) > 0",
        severity="ticket",
        slo="platform",
        summary="{{ $labels.namespace }}/{{ $labels.pod }} restarts again and again",
        description='Restarts of the container {{ $labels.container }} in an hour: {{ printf "%.0f" $value }}.',
    )


def _out_of_memory() -> Alert:
    """The reason of the last end stays for ever; only together with a fresh restart is it news."""
    killed = f'max by ({_CONTAINER}) (kube_pod_container_status_last_terminated_reason{{reason="OOMKilled"}}) > 0'
    restarts = f"sum by ({_CONTAINER}) (increase(kube_pod_container_status_restarts_total[15m])) > 0"
    return Alert(
        name="PodOutOfMemory",
        when="a container is killed and restarted",
        expr=f"{restarts}\nand {killed}",
        severity="ticket",
        slo="platform",
        summary="{{ $labels.namespace }}/{{ $labels.pod }} was killed for its memory",
        description=(
            "The container {{ $labels.container }} reached its memory limit; restarts in 15 minutes: "
            '{{ printf "%.0f" $value }}.'
        ),
    )


def _at_maximum(spec: Spec) -> Alert:
    scaler = "namespace, horizontalpodautoscaler"
    return Alert(
        name="AutoscalerAtMaximum",
        when="as many pods as there may be",
        expr=(
            f"max by ({scaler}) (kube_horizontalpodautoscaler_status_current_replicas)\n"
            f">= max by ({scaler}) (kube_horizontalpodautoscaler_spec_max_replicas)"
        ),
        severity="ticket",
        slo="platform",
        lasting=spec.alerting.platform.at_maximum,
        summary="{{ $labels.namespace }}/{{ $labels.horizontalpodautoscaler }} cannot scale any further",
        description="It runs {{ $value }} pods, the most it may.",
    )


def _volume(spec: Spec) -> Alert:
    volume = "namespace, persistentvolumeclaim"
    free = f"min by ({volume}) (kubelet_volume_stats_available_bytes / (kubelet_volume_stats_capacity_bytes > 0))"
    return Alert(
        name="VolumeFillingUp",
        when=f"< {spec.alerting.platform.volume_free:.0%} is free",
        expr=f"{free} < {spec.alerting.platform.volume_free!r}",
        severity="ticket",
        slo="platform",
        lasting=spec.alerting.for_.ticket,
        summary="The volume {{ $labels.namespace }}/{{ $labels.persistentvolumeclaim }} fills up",
        description="{{ $value | humanizePercentage }} of it is free.",
    )


def _certificate(spec: Spec) -> Alert:
    days = spec.alerting.platform.certificate_days
    return Alert(
        name="CertificateExpiring",
        when=f"< {days} days left",
        expr=f"min by (instance) (probe_ssl_earliest_cert_expiry) - time() < {days * _DAY}",
        severity="ticket",
        slo="platform",
        lasting=spec.alerting.for_.ticket,
        summary="The certificate of {{ $labels.instance }} expires soon",
        description="It is valid for another {{ $value | humanizeDuration }}, and should have been renewed by itself.",
        exporter="blackbox exporter",
    )
