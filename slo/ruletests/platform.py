"""Pods, scalers, volumes and certificates: of each one in trouble and one that is well."""

from collections.abc import Iterator

from slo.ruletests.model import Series, World
from slo.ruletests.notation import counter, gauge
from slo.ruletests.simple import Span, span_checks
from slo.ruletests.traffic import name
from slo.spec import Spec

_LENGTH = 60
_FROM, _UNTIL = 10, 40
_BACK_OFF = 8  # minutes from crash to crash of a container that runs for three and is then made to wait for five
_RESTARTS_SEEN = 14  # minutes after a restart in which a rate over 15 sees it, whether it takes in both its ends or one


def worlds(spec: Spec) -> Iterator[World]:
    restarts = spec.alerting.platform.restarts
    series = [
        *_container("looping", [0.0] * _FROM + [1.0] * restarts + [0.0] * (_LENGTH - _FROM - restarts)),
        *_container(
            "waiting", ([0.0] * (_BACK_OFF - 1) + [1.0]) * (_LENGTH // _BACK_OFF) + [0.0] * (_LENGTH % _BACK_OFF)
        ),
        *_container("once", [0.0] * _FROM + [1.0] + [0.0] * (_LENGTH - _FROM - 1)),
        *_container("hungry", [0.0] * _FROM + [1.0] + [0.0] * (_LENGTH - _FROM - 1), killed=True),
        *_container("sated", [0.0] * _LENGTH, killed=True),  # killed long ago
        *_scaler("backend", least=2, during=10),
        *_scaler("worker", least=2, during=9),
        *_volume("full", spec.alerting.platform.volume_free * 0.9),
        *_volume("free", spec.alerting.platform.volume_free * 1.1),
        *_certificate("https://old.example.com", spec.alerting.platform.certificate_days - 1),
        *_certificate("https://new.example.com", spec.alerting.platform.certificate_days + 1),
    ]
    spans = [
        Span("PodCrashLooping", _FROM + restarts, _FROM + restarts - 1 + _RESTARTS_SEEN, {"pod": "looping"}),
        Span("PodCrashLooping", _BACK_OFF * restarts, _LENGTH, {"pod": "waiting"}, ragged=_BACK_OFF),
        Span("PodCrashLooping", labels={"pod": "once"}),
        Span("PodOutOfMemory", _FROM + 1, _FROM + _RESTARTS_SEEN, {"pod": "hungry"}),
        Span("PodOutOfMemory", labels={"pod": "once"}),
        Span("PodOutOfMemory", labels={"pod": "sated"}),
        Span("AutoscalerAtMaximum", _FROM, _UNTIL, {"horizontalpodautoscaler": "backend"}),
        Span("AutoscalerAtMaximum", labels={"horizontalpodautoscaler": "worker"}),
        Span("VolumeFillingUp", 0, _LENGTH, {"persistentvolumeclaim": "full"}),
        Span("VolumeFillingUp", labels={"persistentvolumeclaim": "free"}),
        Span("CertificateExpiring", 0, _LENGTH, {"instance": "https://old.example.com"}),
        Span("CertificateExpiring", labels={"instance": "https://new.example.com"}),
    ]
    about = "of each kind one is in trouble and another is well"
    yield World(about, tuple(series), tuple(span_checks(spec, spans, _LENGTH)))


def _container(pod: str, restarts: list[float], *, killed: bool = False) -> Iterator[Series]:
    labels = {"namespace": "tickets", "pod": pod, "container": "backend"}
    reason = {"reason": "OOMKilled" if killed else "Error"}
    yield Series(name("kube_pod_container_status_restarts_total", labels), counter(restarts))
    yield Series(name("kube_pod_container_status_last_terminated_reason", labels | reason), gauge([1.0] * _LENGTH))


def _scaler(scaler: str, *, least: int, during: int) -> Iterator[Series]:
    labels = {"namespace": "tickets", "horizontalpodautoscaler": scaler}
    pods = [float(least)] * _FROM + [float(during)] * (_UNTIL - _FROM) + [float(least)] * (_LENGTH - _UNTIL)
    yield Series(name("kube_horizontalpodautoscaler_status_current_replicas", labels), gauge(pods))
    yield Series(name("kube_horizontalpodautoscaler_spec_max_replicas", labels), gauge([10.0] * _LENGTH))


def _volume(claim: str, free: float) -> Iterator[Series]:
    labels = {"namespace": "monitoring", "persistentvolumeclaim": claim}
    yield Series(name("kubelet_volume_stats_available_bytes", labels), gauge([free * 1e9] * _LENGTH))
    yield Series(name("kubelet_volume_stats_capacity_bytes", labels), gauge([1e9] * _LENGTH))


def _certificate(instance: str, days: int) -> Iterator[Series]:
    """A world begins at the time 0."""
    yield Series(name("probe_ssl_earliest_cert_expiry", {"instance": instance}), gauge([days * 86400.0] * _LENGTH))
