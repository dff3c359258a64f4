"""What the manifests ask for is what the stacks make: names, keys and rights, as their templates in git say."""

import json
from functools import cache
from typing import Any

import pytest

from cdk import names
from cdk.names import Output, ServiceAccount, Stack
from tests.cdk.assembly import text_of
from tests.cdk.snapshot import FOLDER
from ticketing.checks.objects import Objects
from ticketing.inputs import Inputs


@cache
def template(env: str, stack: Stack) -> Any:
    return json.loads((FOLDER / env / f"{stack}.json").read_text())


def resources(env: str, stack: Stack, kind: str) -> list[Any]:
    return [each["Properties"] for each in template(env, stack)["Resources"].values() if each["Type"] == kind]


def applied(env: str) -> list[Any]:
    """What the platform stack applies to the cluster by itself."""
    kind = "Custom::AWSCDK-EKS-KubernetesResource"
    texts = [text_of(each["Manifest"]) for each in resources(env, Stack.PLATFORM, kind)]
    return [body for text in texts for body in json.loads(text)]


def keys_of_secrets(env: str) -> dict[str, set[str]]:
    """Of each secret that the stacks make."""
    made = [
        each
        for stack in (Stack.PLATFORM, Stack.DATABASE)
        for each in resources(env, stack, "AWS::SecretsManager::Secret")
    ]
    generators = {each["Name"]: each["GenerateSecretString"] for each in made}
    return {
        name: {*json.loads(each["SecretStringTemplate"]), each["GenerateStringKey"]}
        for name, each in generators.items()
    }


def test_every_key_that_is_fetched_is_in_the_secret_that_the_stacks_make(manifests: Objects, inputs: Inputs) -> None:
    kept = keys_of_secrets(inputs.env.name)
    # RDS makes this one by itself, and says in its documentation what is in it.
    kept[inputs[Output.DATABASE_OWNER_SECRET]] = {"username", "password"}
    for secret in manifests.of("ExternalSecret"):
        for each in secret["spec"]["data"]:
            assert each["remoteRef"]["property"] in kept[each["remoteRef"]["key"]]


def test_the_store_is_the_one_that_serves_this_namespace(manifests: Objects, inputs: Inputs) -> None:
    (store,) = [each for each in applied(inputs.env.name) if each["kind"] == "ClusterSecretStore"]
    assert inputs.namespace in store["spec"]["conditions"][0]["namespaces"]
    assert {each["spec"]["secretStoreRef"]["name"] for each in manifests.of("ExternalSecret")} == {
        store["metadata"]["name"]
    }


def test_the_role_that_is_handed_out_is_the_one_that_the_stacks_make(manifests: Objects, inputs: Inputs) -> None:
    made = {each["metadata"]["name"] for each in applied(inputs.env.name) if each["kind"] == "ClusterRole"}
    assert {each["roleRef"]["name"] for each in manifests.of("RoleBinding")} <= made


def test_accounts_have_the_aws_roles_that_their_names_are_tied_to(manifests: Objects, inputs: Inputs) -> None:
    tied = {
        each["ServiceAccount"]
        for each in resources(inputs.env.name, Stack.MESSAGING, "AWS::EKS::PodIdentityAssociation")
        if each["Namespace"] == inputs.namespace
    }
    assert tied == {str(account) for account in ServiceAccount}
    assert tied <= manifests.names("ServiceAccount")


def test_letters_come_from_the_one_address_that_the_worker_may_send_from(manifests: Objects, inputs: Inputs) -> None:
    policies = json.dumps(resources(inputs.env.name, Stack.MESSAGING, "AWS::IAM::Policy"))
    worker = manifests.one("Deployment", "worker")["spec"]["template"]["spec"]["containers"][0]
    (sender,) = [each["value"] for each in worker["env"] if each["name"] == "MAIL_FROM"]
    assert f'"ses:FromAddress": "{sender}"' in policies


@pytest.mark.parametrize("chosen", ["ruleNamespaceSelector", "podMonitorNamespaceSelector"])
def test_prometheus_looks_into_this_namespace(inputs: Inputs, chosen: str) -> None:
    charts = [
        each
        for each in resources(inputs.env.name, Stack.PLATFORM, "Custom::AWSCDK-EKS-HelmChart")
        if each["Release"] == "kube-prometheus-stack"
    ]
    values = json.loads(text_of(charts[0]["Values"]))
    spec = values["prometheus"]["prometheusSpec"]
    assert inputs.namespace in spec[chosen]["matchExpressions"][0]["values"]
    assert values["fullnameOverride"] == names.MONITORING  # which the address of Prometheus begins with


def test_dashboards_wear_the_label_that_grafana_looks_for(manifests: Objects) -> None:
    boards = manifests.of("ConfigMap")
    assert len(boards) == 7
    assert all(each["metadata"]["labels"]["grafana_dashboard"] == "1" for each in boards)


def test_example_subnets_are_those_that_the_network_makes(inputs: Inputs) -> None:
    made = {each["CidrBlock"] for each in resources(inputs.env.name, Stack.NETWORK, "AWS::EC2::Subnet")}
    assert {*inputs.blocks(Output.PUBLIC_SUBNETS), *inputs.blocks(Output.DATA_SUBNETS)} < made
