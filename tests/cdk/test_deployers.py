from typing import Any

import pytest

from cdk import names
from cdk.constructs.charts import PROMETHEUS
from tests.cdk.assembly import Assembly, Template
from tests.cdk.charts import chart, everything_before, manifests, rules


@pytest.fixture
def stack(assembly: Assembly) -> Template:
    return assembly[names.Stack.PLATFORM]


def may(given: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Verbs by kind of resource."""
    return {kind: set(rule["verbs"]) for rule in given for kind in rule["resources"]}


def test_deployers_may_hand_out_one_role_alone_which_may_do_one_thing_alone(
    assembly: Assembly, stack: Template
) -> None:
    given = rules(stack, "Role", names.DEPLOYERS, names.namespace(assembly.env.name))
    (bind,) = [rule for rule in given if "bind" in rule["verbs"]]
    assert (bind["resources"], bind["resourceNames"]) == (["clusterroles"], [names.PRESCALER])
    assert not any(verb in rule["verbs"] for rule in given for verb in ("escalate", "*"))
    assert rules(stack, "ClusterRole", names.PRESCALER) == [
        {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["get", "patch"]}
    ]


def test_deployers_apply_custom_resources_in_the_applications_namespace_and_no_secret_store(
    assembly: Assembly, stack: Template
) -> None:
    verbs = may(rules(stack, "Role", names.DEPLOYERS, names.namespace(assembly.env.name)))
    assert all({"create", "patch", "delete"} <= verbs[kind] for kind in ("prometheusrules", "externalsecrets"))
    assert not any("secretstore" in kind or kind == "secrets" or "*" in kind for kind in verbs)
    assert verbs["leases"] == {"create", "get", "update"}, "to be the only one at it"


def test_deployers_touch_one_namespace_of_the_cluster_and_delete_nothing_of_it(
    assembly: Assembly, stack: Template
) -> None:
    given = rules(stack, "ClusterRole", names.DEPLOYERS)
    assert set(may(given)) == {"namespaces", "priorityclasses"}
    (namespaces,) = [rule for rule in given if rule["resources"] == ["namespaces"]]
    assert namespaces["resourceNames"] == [names.namespace(assembly.env.name)]
    assert not any({"delete", "bind", "escalate"} & verbs for verbs in may(given).values())
    assert names.namespace(assembly.env.name) in [
        body["metadata"]["name"] for _, body in manifests(stack) if body["kind"] == "Namespace"
    ]


def test_deployers_reach_prometheus_and_change_nothing_beside_it(stack: Template) -> None:
    verbs = may(rules(stack, "Role", names.DEPLOYERS, names.MONITORING))
    looks = {"get", "list", "watch"}
    assert verbs == {"pods": looks, "services": looks, "pods/portforward": {"create"}}
    (made,) = {
        resource.id: resource for resource, body in manifests(stack) if body["metadata"]["name"] == names.DEPLOYERS
    }.values()
    assert chart(stack, PROMETHEUS.name).id in everything_before(stack, made)
