"""What runs: services that customers reach, workers that nobody reaches, and jobs that end."""

from __future__ import annotations

from cdk8s_plus_36 import k8s
from constructs import Construct

from cdk.settings.rollout import PROGRESS
from cdk.settings.workloads import CPU_PERCENT, Workload
from ticketing.inputs import Inputs
from ticketing.labels import metadata, selector
from ticketing.pods import Health, Process, service_pod, task_pod

SERVING, BACKGROUND = "tickets-serving", "tickets-background"

_SETTLED = 5  # seconds: who is ready and falls over at once has not come
_CALM = 600  # seconds: a peak may come back, and pods that go cost streams their connection


class WebService(Construct):
    """Pods behind the load balancer: as many as their work takes, replaced without anybody noticing."""

    def __init__(
        self, scope: Construct, name: str, *, inputs: Inputs, process: Process, health: Health, settings: Workload
    ) -> None:
        super().__init__(scope, name)
        service_account(self, inputs, name)
        k8s.KubeDeployment(
            self,
            "Deployment",
            metadata=metadata(inputs, name),
            # How many there are is the autoscaler's business: a number here would undo it at every deploy.
            spec=k8s.DeploymentSpec(
                selector=k8s.LabelSelector(match_labels=selector(name)),
                strategy=_one_by_one(settings),
                min_ready_seconds=_SETTLED,
                progress_deadline_seconds=PROGRESS,
                revision_history_limit=3,
                template=service_pod(inputs, name, process, health, priority=SERVING, spread=True),
            ),
        )
        _autoscaler(self, inputs, name, settings)
        disruption_budget(self, inputs, name)


class Worker(Construct):
    """Pods that work by themselves, always as many as the settings say."""

    def __init__(
        self, scope: Construct, name: str, *, inputs: Inputs, process: Process, health: Health, settings: Workload
    ) -> None:
        super().__init__(scope, name)
        service_account(self, inputs, name)
        k8s.KubeDeployment(
            self,
            "Deployment",
            metadata=metadata(inputs, name),
            spec=k8s.DeploymentSpec(
                replicas=settings.most,
                selector=k8s.LabelSelector(match_labels=selector(name)),
                strategy=_one_by_one(settings),
                min_ready_seconds=_SETTLED,
                progress_deadline_seconds=PROGRESS,
                revision_history_limit=3,
                template=service_pod(inputs, name, process, health, priority=SERVING, spread=settings.most > 1),
            ),
        )
        disruption_budget(self, inputs, name)


class Job(Construct):
    """Runs once to its end. name: a finished Job cannot be changed, so whatever may differ belongs into it."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        inputs: Inputs,
        workload: str,
        process: Process,
        seconds: int,
        tries: int,
    ) -> None:
        super().__init__(scope, name)
        k8s.KubeJob(
            self,
            "Job",
            metadata=metadata(inputs, name, component=workload),
            spec=k8s.JobSpec(
                backoff_limit=tries - 1,
                active_deadline_seconds=seconds,
                ttl_seconds_after_finished=7 * 86_400,  # long enough to read why it failed
                template=task_pod(inputs, workload, process, priority=SERVING),
            ),
        )


class CronJob(Construct):
    """Runs to its end again and again, never two at a time. token: it speaks with the cluster's API.

    priority: whether it may be left out while there is no room. tries: each time, seconds are for all of them together.
    late: seconds after its time in which it may still begin.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        inputs: Inputs,
        process: Process,
        schedule: str,
        seconds: int,
        token: bool = False,
        priority: str = BACKGROUND,
        tries: int = 1,
        late: int = 60,
    ) -> None:
        super().__init__(scope, name)
        service_account(self, inputs, name)
        k8s.KubeCronJob(
            self,
            "CronJob",
            metadata=metadata(inputs, name),
            spec=k8s.CronJobSpec(
                schedule=schedule,
                time_zone="Etc/UTC",
                concurrency_policy="Forbid",
                starting_deadline_seconds=late,
                successful_jobs_history_limit=1,
                failed_jobs_history_limit=3,
                job_template=k8s.JobTemplateSpec(
                    metadata=k8s.ObjectMeta(labels=selector(name)),
                    spec=k8s.JobSpec(
                        backoff_limit=tries - 1,
                        active_deadline_seconds=seconds,
                        ttl_seconds_after_finished=3600,
                        template=task_pod(inputs, name, process, priority=priority, token=token),
                    ),
                ),
            ),
        )


def service_account(scope: Construct, inputs: Inputs, name: str) -> k8s.KubeServiceAccount:
    """Its AWS role, if it has one, is tied to its name by the messaging stack."""
    return k8s.KubeServiceAccount(
        scope, "ServiceAccount", metadata=metadata(inputs, name), automount_service_account_token=False
    )


def disruption_budget(scope: Construct, inputs: Inputs, name: str) -> k8s.KubePodDisruptionBudget:
    """One at a time leaves its node; a pod that is broken anyway must not hold a node up."""
    return k8s.KubePodDisruptionBudget(
        scope,
        "DisruptionBudget",
        metadata=metadata(inputs, name),
        spec=k8s.PodDisruptionBudgetSpec(
            max_unavailable=k8s.IntOrString.from_number(1),
            unhealthy_pod_eviction_policy="AlwaysAllow",
            selector=k8s.LabelSelector(match_labels=selector(name)),
        ),
    )


def _one_by_one(settings: Workload) -> k8s.DeploymentStrategy:
    """None goes before another one has come."""
    return k8s.DeploymentStrategy(
        type="RollingUpdate",
        rolling_update=k8s.RollingUpdateDeployment(
            max_unavailable=k8s.IntOrString.from_number(0),
            max_surge=k8s.IntOrString.from_number(settings.surge),
        ),
    )


def _autoscaler(scope: Construct, inputs: Inputs, name: str, settings: Workload) -> None:
    k8s.KubeHorizontalPodAutoscalerV2(
        scope,
        "Autoscaler",
        metadata=metadata(inputs, name),
        spec=k8s.HorizontalPodAutoscalerSpecV2(
            min_replicas=settings.least,
            max_replicas=settings.most,
            scale_target_ref=k8s.CrossVersionObjectReferenceV2(api_version="apps/v1", kind="Deployment", name=name),
            metrics=[
                k8s.MetricSpecV2(
                    type="ContainerResource",
                    container_resource=k8s.ContainerResourceMetricSourceV2(
                        name="cpu",
                        container=name,
                        target=k8s.MetricTargetV2(type="Utilization", average_utilization=CPU_PERCENT),
                    ),
                )
            ],
            behavior=k8s.HorizontalPodAutoscalerBehaviorV2(
                scale_up=_policy(seconds=0, kind="Percent", value=100, every=15),
                scale_down=_policy(seconds=_CALM, kind="Pods", value=1, every=60),
            ),
        ),
    )


def _policy(*, seconds: int, kind: str, value: int, every: int) -> k8s.HpaScalingRulesV2:
    return k8s.HpaScalingRulesV2(
        stabilization_window_seconds=seconds,
        policies=[k8s.HpaScalingPolicyV2(type=kind, value=value, period_seconds=every)],
    )
