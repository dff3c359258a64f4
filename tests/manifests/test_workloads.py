"""What runs, how many and how large, is what the settings say; what differs between dev and prod is meant to."""

from typing import Any

import pytest

from cdk.settings.workloads import CPU_PERCENT
from ticketing.checks.objects import Objects, Pod
from ticketing.inputs import Inputs


def container(manifests: Objects, kind: str, name: str) -> Any:
    (pod,) = [pod for pod in manifests.pods if (pod.owner["kind"], pod.owner["metadata"]["name"]) == (kind, name)]
    return pod.containers[0]


def variables(container: Any) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}


@pytest.mark.parametrize("name", ["backend", "frontend"])
def test_pods_are_spread_strictly_over_zones_and_over_machines_where_that_can_be(name: str, manifests: Objects) -> None:
    spec = manifests.one("Deployment", name)["spec"]
    spread = spec["template"]["spec"]["topologySpreadConstraints"]
    assert [(each["topologyKey"], each["whenUnsatisfiable"], each["maxSkew"]) for each in spread] == [
        ("topology.kubernetes.io/zone", "DoNotSchedule", 1),
        ("kubernetes.io/hostname", "ScheduleAnyway", 1),
    ]
    assert [each["matchLabelKeys"] for each in spread] == [["pod-template-hash"]] * 2


def test_nodes_are_emptied_a_pod_at_a_time_and_broken_pods_hold_none_up(manifests: Objects) -> None:
    budgets = {each["metadata"]["name"]: each["spec"] for each in manifests.of("PodDisruptionBudget")}
    assert set(budgets) == set(manifests.names("Deployment"))
    assert {(each["maxUnavailable"], each["unhealthyPodEvictionPolicy"]) for each in budgets.values()} == {
        (1, "AlwaysAllow")
    }


@pytest.mark.parametrize("name", ["backend", "frontend"])
def test_pods_come_at_once_by_their_cpu_and_go_slowly(name: str, manifests: Objects) -> None:
    spec = manifests.one("HorizontalPodAutoscaler", name)["spec"]
    (metric,) = spec["metrics"]
    assert metric["containerResource"] == {
        "name": "cpu", "container": name, "target": {"type": "Utilization", "averageUtilization": CPU_PERCENT}
    }  # fmt: skip
    up, down = spec["behavior"]["scaleUp"], spec["behavior"]["scaleDown"]
    assert (up["stabilizationWindowSeconds"], down["stabilizationWindowSeconds"]) == (0, 600)
    assert down["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


@pytest.mark.parametrize("name", ["backend", "frontend"])
def test_what_customers_reach_scales_between_the_bounds_of_the_settings(
    name: str, manifests: Objects, inputs: Inputs
) -> None:
    settings = getattr(inputs.env, name)
    scaler = manifests.one("HorizontalPodAutoscaler", name)["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (settings.least, settings.most)
    rolling = manifests.one("Deployment", name)["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": settings.surge}


@pytest.mark.parametrize("name", ["backend", "worker", "frontend"])
def test_pods_get_what_the_settings_promise_them(name: str, manifests: Objects, inputs: Inputs) -> None:
    settings = getattr(inputs.env, name)
    resources = container(manifests, "Deployment", name)["resources"]
    assert (resources["requests"]["cpu"], resources["limits"]["memory"]) == (settings.cpu, settings.memory)


@pytest.mark.parametrize("name", ["backend", "worker"])
def test_pools_are_those_that_the_database_was_sized_for(name: str, manifests: Objects, inputs: Inputs) -> None:
    pool = variables(container(manifests, "Deployment", name))["DB_POOL_SIZE"]
    assert pool == str(getattr(inputs.env, name).pool)


def test_workers_are_as_many_as_the_settings_say(manifests: Objects, inputs: Inputs) -> None:
    assert manifests.one("Deployment", "worker")["spec"]["replicas"] == inputs.env.worker.most


def test_pods_are_ready_ahead_of_a_sale_by_the_numbers_of_the_settings(manifests: Objects, inputs: Inputs) -> None:
    backend, sale = inputs.env.backend, inputs.env.sale
    assert container(manifests, "CronJob", "prescaling")["args"] == [
        "prescale",
        "backend",
        f"--least={backend.least}",
        f"--most={backend.most}",
        f"--tickets-a-pod={sale.tickets_a_pod(backend)}",
        f"--lead-minutes={sale.lead}",
        f"--stay-minutes={sale.stay}",
    ]


@pytest.mark.parametrize(
    ("name", "schedule"), [("prescaling", "* * * * *"), ("probe", "* * * * *"), ("rotation", "30 9 1 * *")]
)
def test_what_is_done_again_and_again_never_runs_twice_at_a_time(name: str, schedule: str, manifests: Objects) -> None:
    spec = manifests.one("CronJob", name)["spec"]
    assert (spec["schedule"], spec["timeZone"], spec["concurrencyPolicy"]) == (schedule, "Etc/UTC", "Forbid")
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] < 60 or schedule.startswith("30 9")


def migrations(manifests: Objects) -> list[Pod]:
    return [pod for pod in manifests.pods if pod.owner["metadata"]["name"].startswith("migrate-")]


def test_the_schema_is_widened_before_and_narrowed_after_by_its_owner(manifests: Objects) -> None:
    before, after = (pod.containers[0] for pod in migrations(manifests))
    assert before["args"] == ["migrate", "--phase", "pre", "--login", "/run/secrets/database-login/login.json"]
    assert after["args"] == ["migrate", "--phase", "post"]
    assert {variables(each)["PGSERVICEFILE"] for each in (before, after)} == {
        "/run/secrets/database-owner/service.conf"
    }


def test_only_migrations_and_the_rotation_log_in_as_the_owner(manifests: Objects) -> None:
    owners = {
        pod.spec["serviceAccountName"]
        for pod in manifests.pods
        for volume in pod.spec["volumes"]
        if volume.get("secret", {}).get("secretName") == "database-owner"
    }
    assert owners == {"migration", "rotation"}


def test_the_database_is_believed_only_with_its_certificate(manifests: Objects) -> None:
    addresses = {
        pod.owner["metadata"]["name"]: variables(each)["DATABASE_URL"]
        for pod in manifests.pods
        for each in pod.containers
        if "DATABASE_URL" in variables({"env": each.get("env", [])})
    }
    assert addresses.keys() == {pod.owner["metadata"]["name"] for pod in manifests.pods if logs_in(pod)}
    ending = "&sslmode=verify-full&sslrootcert=/etc/ssl/certs/rds-ca-bundle.pem"
    assert all(address.endswith(ending) and "@" not in address for address in addresses.values())


def logs_in(pod: Pod) -> bool:
    """Whether it has a login of the database."""
    names = {volume.get("secret", {}).get("secretName", "") for volume in pod.spec["volumes"]}
    return not names.isdisjoint({"database-login", "database-owner"})


def test_money_is_played_in_dev_and_real_in_prod(manifests: Objects, inputs: Inputs) -> None:
    provider = variables(container(manifests, "Deployment", "backend"))["PAYMENT_PROVIDER"]
    played = "payments" in manifests.names("Deployment")
    assert (provider, played) == (("test", True) if inputs.env.name == "dev" else ("stripe", False))
