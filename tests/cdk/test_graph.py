"""How the stacks hang together: in one direction, and without a knot that stops one from being changed."""

import json
import re
from graphlib import TopologicalSorter

from cdk import names
from tests.cdk.assembly import Assembly

READS = re.compile(r'"Fn::GetStackOutput": \{"StackName": "([\w-]+)"')


def needs(assembly: Assembly) -> dict[str, set[str]]:
    """Each stack and those that are deployed before it."""
    return {
        which.title(): {each for each in assembly.artifact(which)["dependencies"] if not each.endswith(".assets")}
        for which in names.Stack
    }


def test_stacks_are_deployed_in_one_order_and_the_agreed_one_is_such(assembly: Assembly) -> None:
    graph = needs(assembly)
    assert len(list(TopologicalSorter(graph).static_order())) == len(names.Stack)
    done: set[str] = set()
    for which in names.Stack:
        assert graph[which.title()] <= done, which
        done.add(which.title())


def test_whoever_reads_a_stacks_output_comes_after_it(assembly: Assembly) -> None:
    titles = {names.stack(assembly.env.name, which): which.title() for which in names.Stack}
    graph = needs(assembly)
    for which, template in assembly:
        read = {titles[name] for name in READS.findall(json.dumps(template.body))}
        assert read <= graph[which.title()], which


def test_what_is_read_is_an_output_of_the_stack_it_is_read_from(assembly: Assembly) -> None:
    outputs = {
        names.stack(assembly.env.name, which): set(body.body["Outputs"])
        for which, body in assembly
        if "Outputs" in body.body
    }
    reading = re.compile(r'"Fn::GetStackOutput": \{"StackName": "([\w-]+)", "Region": "[\w-]+", "OutputName": "(\w+)"')
    found = [pair for _, template in assembly for pair in reading.findall(json.dumps(template.body))]
    assert len(found) > 20
    assert [(stack, output) for stack, output in found if output not in outputs[stack]] == []


def test_nothing_is_exported_but_the_clusters_identity_which_lives_and_dies_with_it(assembly: Assembly) -> None:
    """An export cannot be changed while anybody imports it; what is only read can."""
    exported = [
        (which, output["Value"])
        for which, template in assembly
        for output in template.body.get("Outputs", {}).values()
        if "Export" in output
    ]
    (provider,) = assembly[names.Stack.CLUSTER].all("IAM::OIDCProvider")
    assert exported == [(names.Stack.CLUSTER, {"Ref": provider.id})]


def test_what_others_read_keeps_its_identity(assembly: Assembly) -> None:
    """CloudFormation no longer stops a replacement of what is read by others, so these ids must not move."""
    kept = {
        names.Stack.NETWORK: {"EC2::VPC": 1, "EC2::Subnet": 9},
        names.Stack.CLUSTER: {"EKS::Cluster": 1},
        names.Stack.DATABASE: {"RDS::DBInstance": 1},
    }
    ids = sorted(each.id for which, kinds in kept.items() for kind in kinds for each in assembly[which].all(kind))
    assert ids == sorted(
        [
            "NetworkVpc7FB7348F",
            *(f"NetworkVpc{each}" for each in _SUBNETS),
            "ClusterEB0386A7",
            "PostgresInstanceEC667DB9",
        ]
    )


_SUBNETS = (
    "applicationSubnet1Subnet0FEA7B3E",
    "applicationSubnet2Subnet8C40B65F",
    "applicationSubnet3Subnet3BFA3C0C",
    "dataSubnet1SubnetE7C988E9",
    "dataSubnet2Subnet7A99E9BE",
    "dataSubnet3Subnet6505920D",
    "publicSubnet1Subnet00617657",
    "publicSubnet2SubnetDCAA7C9A",
    "publicSubnet3SubnetB6CE113A",
)
