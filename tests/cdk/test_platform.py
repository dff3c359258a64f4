import json
from itertools import pairwise

import pytest

from cdk import names
from cdk.constructs.charts import AUTOSCALER, EXTERNAL_SECRETS, PROMETHEUS
from tests.cdk.assembly import Assembly, Template, text_of
from tests.cdk.charts import chart, everything_before, manifest, manifests, rules, values

CONTROLLER = "aws-load-balancer-controller"
ORDER = [CONTROLLER, AUTOSCALER.name, EXTERNAL_SECRETS.name, PROMETHEUS.name]
HANDLER_SECONDS = 900


@pytest.fixture
def stack(assembly: Assembly) -> Template:
    return assembly[names.Stack.PLATFORM]


@pytest.mark.parametrize(
    ("name", "version", "namespace"),
    [
        (CONTROLLER, "3.2.2", names.KUBE_SYSTEM),
        ("cluster-autoscaler", "9.59.0", names.KUBE_SYSTEM),
        ("external-secrets", "2.9.0", names.SECRETS_NAMESPACE),
        ("kube-prometheus-stack", "88.5.3", names.MONITORING),
    ],
)
def test_a_chart_is_pinned_named_and_waited_for(stack: Template, name: str, version: str, namespace: str) -> None:
    release = chart(stack, name)
    assert (release["Version"], release["Release"], release["Namespace"]) == (version, name, namespace)
    assert release["Wait"] is True


@pytest.mark.parametrize(
    ("name", "home"),
    [
        (CONTROLLER, "https://aws.github.io/eks-charts"),
        ("cluster-autoscaler", "https://kubernetes.github.io/autoscaler"),
        ("external-secrets", "https://charts.external-secrets.io"),
        ("kube-prometheus-stack", "https://prometheus-community.github.io/helm-charts"),
    ],
)
def test_a_chart_comes_from_its_authors(stack: Template, name: str, home: str) -> None:
    assert chart(stack, name)["Repository"] == home


@pytest.mark.parametrize(
    ("secret", "generated", "filled_in"),
    [
        (names.Secret.APPLICATION, "SECRET_KEY", {"OLD_SECRET_KEYS"}),
        (names.Secret.PAYMENTS, "PSP_SECRET", {"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"}),
    ],
)
def test_a_secret_of_the_application_has_what_the_service_reads(
    assembly: Assembly, stack: Template, secret: names.Secret, generated: str, filled_in: set[str]
) -> None:
    made = stack.only("SecretsManager::Secret", Name=names.secret(assembly.env.name, secret))["GenerateSecretString"]
    assert made["GenerateStringKey"] == generated
    assert set(json.loads(made["SecretStringTemplate"])) == filled_in


@pytest.mark.parametrize(
    ("name", "account"),
    [
        (AUTOSCALER.name, "cluster-autoscaler"),
        (EXTERNAL_SECRETS.name, "external-secrets"),
        (PROMETHEUS.name, names.ALERTMANAGER),
    ],
)
def test_pods_are_made_when_their_role_is_there(stack: Template, name: str, account: str) -> None:
    """A pod gets its credentials when it is made: one that came before its association would never have any."""
    association, role = stack.identity(account)
    assert {association.id, role.id} <= everything_before(stack, chart(stack, name))
    assert association["Namespace"] == chart(stack, name)["Namespace"]


def test_the_load_balancer_controller_is_told_where_it_is(assembly: Assembly, stack: Template) -> None:
    """It would ask the node, which answers no pod."""
    asked = values(stack, CONTROLLER)
    assert asked["region"] == assembly.env.region
    assert {"clusterName", "vpcId"} <= set(asked)


def test_nothing_else_is_installed(stack: Template) -> None:
    assert {each["Chart"] for each in stack.all("Custom::AWSCDK-EKS-HelmChart")} == set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_helm_gives_up_well_before_the_function_that_runs_it_is_ended(stack: Template, name: str) -> None:
    timeout = chart(stack, name)["Timeout"]
    assert timeout.endswith("s")
    assert int(timeout[:-1]) <= HANDLER_SECONDS - 300


@pytest.mark.parametrize(("first", "then"), list(pairwise(ORDER)))
def test_charts_are_installed_one_after_the_other(stack: Template, first: str, then: str) -> None:
    assert chart(stack, first).id in everything_before(stack, chart(stack, then))


def test_the_cluster_with_its_nodes_comes_before_any_chart(assembly: Assembly) -> None:
    assert names.Stack.CLUSTER.title() in assembly.artifact(names.Stack.PLATFORM)["dependencies"]


@pytest.mark.parametrize("name", ORDER)
def test_no_value_of_a_chart_is_null_because_it_would_get_lost(stack: Template, name: str) -> None:
    assert "null" not in text_of(chart(stack, name)["Values"])


def test_the_load_balancer_controller_leaves_alone_what_is_not_there(stack: Template) -> None:
    asked = values(stack, CONTROLLER)
    assert asked["controllerConfig"]["featureGates"] == {"ALBGatewayAPI": False, "NLBGatewayAPI": False}
    assert asked["enableServiceMutatorWebhook"] is False
    assert asked["replicaCount"] == 2
    assert asked["image"]["tag"] == "v3.2.2"


def test_the_autoscaler_is_of_the_clusters_version_and_knows_its_groups_by_tag(
    assembly: Assembly, stack: Template
) -> None:
    asked = values(stack, AUTOSCALER.name)
    assert asked["image"]["tag"].startswith(f"v{assembly.env.cluster.version}.")
    assert asked["autoDiscovery"] == {"clusterName": names.cluster(assembly.env.name)}
    assert asked["extraArgs"]["balance-similar-node-groups"] is True


def test_a_node_goes_again_although_its_pods_have_temporary_volumes(stack: Template) -> None:
    assert values(stack, AUTOSCALER.name)["extraArgs"]["skip-nodes-with-local-storage"] is False


def test_what_brings_secrets_is_there_twice_and_one_of_the_two_at_work(stack: Template) -> None:
    asked = values(stack, EXTERNAL_SECRETS.name)
    assert (asked["replicaCount"], asked["leaderElect"]) == (2, True)


def test_the_load_balancer_controller_loses_one_pod_at_a_time(stack: Template) -> None:
    assert values(stack, CONTROLLER)["podDisruptionBudget"] == {"maxUnavailable": 1}


def test_alerts_of_journeys_reach_the_routes_of_another_namespace(stack: Template) -> None:
    """The operator would add a matcher for the routes' own namespace, which alerts of journeys do not wear."""
    spec = values(stack, PROMETHEUS.name)["alertmanager"]["alertmanagerSpec"]
    assert spec["alertmanagerConfigMatcherStrategy"] == {"type": "None"}


@pytest.mark.parametrize("part", ["kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy"])
def test_no_target_is_down_for_ever_because_aws_keeps_it_out_of_reach(stack: Template, part: str) -> None:
    assert values(stack, PROMETHEUS.name)[part] == {"enabled": False}


def test_grafana_reads_configmaps_of_our_namespaces_and_no_secret_of_anybody(
    assembly: Assembly, stack: Template
) -> None:
    """The chart's own role reads every secret of the cluster. Its sidecars ask for nothing but ConfigMaps then."""
    grafana = values(stack, PROMETHEUS.name)["grafana"]
    assert grafana["rbac"] == {"create": False, "namespaced": True}
    assert grafana["serviceAccount"] == {"create": True, "name": names.GRAFANA}
    namespaces = [names.namespace(assembly.env.name), names.MONITORING]
    for sidecar in ("dashboards", "datasources"):
        assert grafana["sidecar"][sidecar]["resource"] == "configmap"
    assert grafana["sidecar"]["dashboards"]["searchNamespace"] == namespaces
    looks = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}]
    for namespace in namespaces:
        assert rules(stack, "Role", names.GRAFANA, namespace) == looks
        (binding,) = [
            body
            for _, body in manifests(stack)
            if (body["kind"], body["metadata"]["name"], body["metadata"].get("namespace"))
            == ("RoleBinding", names.GRAFANA, namespace)
        ]
        assert binding["roleRef"]["name"] == names.GRAFANA
        account = {"kind": "ServiceAccount", "name": names.GRAFANA, "namespace": names.MONITORING}
        assert binding["subjects"] == [account]


def test_namespaces_are_there_before_grafana_looks_into_them(assembly: Assembly, stack: Template) -> None:
    before = everything_before(stack, chart(stack, PROMETHEUS.name))
    made = [
        body["metadata"]["name"] for each, body in manifests(stack) if body["kind"] == "Namespace" and each.id in before
    ]
    assert sorted(made) == sorted([names.namespace(assembly.env.name), names.MONITORING])


def test_what_brings_secrets_goes_last_when_there_is_no_room(stack: Template) -> None:
    asked = values(stack, EXTERNAL_SECRETS.name)
    parts = (asked, asked["webhook"], asked["certController"])
    assert {part["priorityClassName"] for part in parts} == {"system-cluster-critical"}


def test_the_autoscaler_changes_groups_of_this_cluster_only(assembly: Assembly, stack: Template) -> None:
    _, role = stack.identity("cluster-autoscaler")
    (change,) = [each for each in stack.statements(role) if "autoscaling:SetDesiredCapacity" in each["Action"]]
    tag = f"aws:ResourceTag/k8s.io/cluster-autoscaler/{names.cluster(assembly.env.name)}"
    assert change["Condition"] == {"StringEquals": {tag: "owned"}}


def test_the_autoscaler_looks_at_all_that_its_choice_of_a_group_takes_and_changes_two_things(stack: Template) -> None:
    _, role = stack.identity("cluster-autoscaler")
    may = [each["Action"] for each in stack.statements(role)]
    assert {action for each in may for action in ([each] if isinstance(each, str) else each)} == {
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
        "eks:DescribeNodegroup",
    }


def test_external_secrets_reads_the_named_secrets_and_nothing_else(stack: Template) -> None:
    _, role = stack.identity("external-secrets")
    read, decrypt = stack.statements(role)
    assert set(read["Action"]) == {"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}
    assert len(read["Resource"]) == 5  # the application's three, its database login, and the owner's
    assert decrypt["Action"] == "kms:Decrypt"
    assert len(decrypt["Resource"]) == 2
    assert "*" not in json.dumps([read, decrypt])


def test_the_store_serves_our_namespaces_only(assembly: Assembly, stack: Template) -> None:
    resource, store = manifest(stack, "ClusterSecretStore")
    assert store["metadata"]["name"] == names.SECRET_STORE
    assert store["apiVersion"] == "external-secrets.io/v1"
    assert store["spec"]["conditions"] == [{"namespaces": [names.namespace(assembly.env.name), names.MONITORING]}]
    assert chart(stack, EXTERNAL_SECRETS.name).id in everything_before(stack, resource)


def test_volumes_are_encrypted_made_where_the_pod_is_and_found_by_their_tags(
    assembly: Assembly, stack: Template
) -> None:
    resource, storage = manifest(stack, "StorageClass")
    assert storage["parameters"] == {
        "type": "gp3",
        "encrypted": "true",
        "tagSpecification_1": "product=aegistickets",
        "tagSpecification_2": f"environment={assembly.env.name}",
    }
    assert storage["volumeBindingMode"] == "WaitForFirstConsumer"
    assert resource.id in everything_before(stack, chart(stack, PROMETHEUS.name))


def test_prometheus_keeps_what_the_promise_looks_back_over(assembly: Assembly, stack: Template) -> None:
    settings = assembly.env.monitoring
    spec = values(stack, PROMETHEUS.name)["prometheus"]["prometheusSpec"]
    assert spec["retention"] == f"{settings.retention_days}d"
    assert settings.retention_days > 28
    volume = spec["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert volume["resources"]["requests"]["storage"] == f"{settings.storage}Gi"
    assert volume["storageClassName"] == names.STORAGE_CLASS
    assert int(spec["retentionSize"].removesuffix("GB")) < settings.storage


def test_what_watches_the_shop_has_its_share_of_a_node_and_is_not_the_first_to_go(stack: Template) -> None:
    asked = values(stack, PROMETHEUS.name)
    _, priority = manifest(stack, "PriorityClass")
    assert priority["metadata"]["name"] == names.MONITORING_PRIORITY
    assert 1_000 < priority["value"] < 100_000  # between background and serving, of the application's manifests
    exporter = asked["prometheus-node-exporter"]  # one on each node, which the chart ranks as such
    watching = [
        asked["prometheus"]["prometheusSpec"],
        asked["alertmanager"]["alertmanagerSpec"],
        *(asked[name] for name in ("grafana", "prometheusOperator", "kube-state-metrics")),
    ]
    assert {each["priorityClassName"] for each in watching} == {names.MONITORING_PRIORITY}
    for resources in [each["resources"] for each in (*watching, exporter, asked["grafana"]["sidecar"])]:
        assert set(resources["requests"]) == {"cpu", "memory"}
        assert resources["limits"] == {"memory": resources["requests"]["memory"]}


def test_prod_is_watched_from_two_zones(prod: Assembly, dev: Assembly) -> None:
    """Without one zone alerts are still raised, and still told: both have a volume, which stays where it is."""
    for part in ("prometheus", "alertmanager"):
        specs = [values(each[names.Stack.PLATFORM], PROMETHEUS.name)[part][f"{part}Spec"] for each in (dev, prod)]
        assert [spec["replicas"] for spec in specs] == [1, 2]
        assert specs[1]["podAntiAffinity"] == "hard"
        assert specs[1]["podAntiAffinityTopologyKey"] == "topology.kubernetes.io/zone"
    assert prod.env.cluster.least_nodes * len(prod.env.zones) >= 2


def test_prometheus_takes_every_rule_and_target_of_our_namespaces(assembly: Assembly, stack: Template) -> None:
    spec = values(stack, PROMETHEUS.name)["prometheus"]["prometheusSpec"]
    for kind in ("rule", "serviceMonitor", "podMonitor", "probe"):
        assert spec[f"{kind}SelectorNilUsesHelmValues"] is False
        (expression,) = spec[f"{kind}NamespaceSelector"]["matchExpressions"]
        assert {names.namespace(assembly.env.name), names.MONITORING} <= set(expression["values"])


def test_grafana_asks_for_a_password_that_was_made_in_secrets_manager(assembly: Assembly, stack: Template) -> None:
    grafana = values(stack, PROMETHEUS.name)["grafana"]
    assert grafana["grafana.ini"]["auth.anonymous"] == {"enabled": False}
    assert grafana["admin"]["existingSecret"] == names.GRAFANA_SECRET
    assert "adminPassword" not in grafana
    resource, secret = manifest(stack, "ExternalSecret")
    assert secret["spec"]["dataFrom"] == [{"extract": {"key": names.secret(assembly.env.name, names.Secret.GRAFANA)}}]
    assert resource.id in everything_before(stack, chart(stack, PROMETHEUS.name))
    made = stack.only("SecretsManager::Secret", Name=names.secret(assembly.env.name, names.Secret.GRAFANA))
    assert made["GenerateSecretString"]["GenerateStringKey"] == grafana["admin"]["passwordKey"]


def test_secrets_of_the_application_are_encrypted_with_a_key_of_ours(stack: Template) -> None:
    key = stack.only("KMS::Key")
    assert all(each["KmsKeyId"]["Fn::GetAtt"][0] == key.id for each in stack.all("SecretsManager::Secret"))
