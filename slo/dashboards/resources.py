"""What the processes use of what they have: CPU, memory, event loop, pods, nodes."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from slo.dashboards.board import NAMESPACE, Board
from slo.dashboards.panels import ORANGE, RED, Look, lines
from slo.spec import Spec

POD = "{{pod}} {{container}}"
OURS = f'{NAMESPACE},container!=""'


def resources(spec: Spec) -> Board:
    return Board(
        name="resources",
        title="Resources: processes, pods, nodes",
        says="Utilisation, saturation and errors of what the shop runs on.",
        rows=[("Processes", _processes()), ("Pods", _pods()), ("Cluster", _cluster(spec))],
    )


def _processes() -> list[Builder[Panel]]:
    per_instance = "{{job}} {{instance}}"
    lag = "histogram_quantile(0.99, sum by (le, job, instance) (rate(event_loop_lag_seconds_bucket[$__rate_interval])))"
    return [
        lines(
            "CPU",
            Look("percentunit", ((0.9, RED),), says="A process has one event loop: one core is about all it can use."),
            ("rate(process_cpu_seconds_total[$__rate_interval])", per_instance),
        ),
        lines("Resident memory", Look("bytes"), ("process_resident_memory_bytes", per_instance)),
        lines(
            "How late the event loop runs, p99",
            Look("s", ((0.1, RED),), says="Everything that a process does waits this long."),
            (lag, per_instance),
        ),
        lines("Requests in flight", Look(), ("http_requests_in_flight", per_instance)),
        lines(
            "Requests refused because too many were in flight",
            Look("reqps"),
            ("rate(requests_shed_total[$__rate_interval])", per_instance),
        ),
        lines(
            "Open files, of those allowed",
            Look("percentunit", ((0.8, RED),), highest=1),
            ("process_open_fds / process_max_fds", per_instance),
        ),
        lines(
            "Full garbage collections",
            Look("ops", says="Of the oldest generation: each stops the process for a moment."),
            ('rate(python_gc_collections_total{generation="2"}[$__rate_interval])', per_instance),
        ),
        lines(
            "Age of the process",
            Look("s", says="Falls to zero when it starts anew."),
            ("time() - process_start_time_seconds", per_instance),
        ),
    ]


def _pods() -> list[Builder[Panel]]:
    ask = 'kube_pod_container_resource_requests{resource="cpu"}'
    limit = 'kube_pod_container_resource_limits{resource="memory"}'
    periods = f"rate(container_cpu_cfs_%s_total{{{OURS}}}[$__rate_interval])"
    pair = "on (namespace, pod, container) group_left ()"
    return [
        lines(
            "CPU, of what is requested",
            Look("percentunit", says="From cAdvisor and kube-state-metrics."),
            (f"rate(container_cpu_usage_seconds_total{{{OURS}}}[$__rate_interval]) / {pair} {ask}", POD),
        ),
        lines(
            "CPU throttled, share of periods",
            Look("percentunit", ((0.25, RED),), highest=1, says="From cAdvisor."),
            (f"{periods % 'throttled_periods'} / ({periods % 'periods'} > 0)", POD),
        ),
        lines(
            "Memory, of what is allowed",
            Look("percentunit", ((0.9, RED),), highest=1, says="From cAdvisor and kube-state-metrics."),
            (f"container_memory_working_set_bytes{{{OURS}}} / {pair} {limit}", POD),
        ),
        lines(
            "Restarts in the last hour",
            Look(steps=((1, ORANGE),), says="From kube-state-metrics."),
            (f"increase(kube_pod_container_status_restarts_total{{{NAMESPACE}}}[1h])", POD),
            (
                f'kube_pod_container_status_last_terminated_reason{{{NAMESPACE},reason="OOMKilled"}} == 1',
                f"out of memory: {POD}",
            ),
        ),
    ]


def _cluster(spec: Spec) -> list[Builder[Panel]]:
    scaler = "kube_horizontalpodautoscaler_%s_replicas{" + NAMESPACE + "}"
    zone = "label_topology_kubernetes_io_zone"
    full = 1 - spec.alerting.platform.volume_free
    return [
        lines(
            "Autoscaler",
            Look(says="From kube-state-metrics."),
            (scaler % "status_current", "{{horizontalpodautoscaler}}: now"),
            (scaler % "status_desired", "{{horizontalpodautoscaler}}: wanted"),
            (scaler % "spec_max", "{{horizontalpodautoscaler}}: at most"),
        ),
        lines(
            "Pods by zone",
            Look(stacked=True, says="From kube-state-metrics, which must be let see the nodes' zone labels."),
            (f"count by ({zone}) (kube_pod_info{{{NAMESPACE}}} * on (node) group_left ({zone}) kube_node_labels)", ""),
        ),
        lines(
            "Nodes under pressure",
            Look(steps=((1, RED),), says="From kube-state-metrics: memory, disk, processes or network."),
            ('kube_node_status_condition{condition!="Ready",status="true"}', "{{node}} {{condition}}"),
        ),
        lines(
            "Memory of the nodes in use",
            Look("percentunit", ((0.9, RED),), highest=1, says="From the node exporter."),
            ("1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "{{instance}}"),
        ),
        lines(
            "Volumes in use",
            Look("percentunit", ((full, ORANGE),), highest=1, says="From the kubelet."),
            (
                "1 - kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes",
                "{{namespace}} {{persistentvolumeclaim}}",
            ),
        ),
    ]
