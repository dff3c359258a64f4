"""How environments go. pytest takes this file after the one that looks at what is there."""

from __future__ import annotations

from collections.abc import Mapping

from cdk import names
from tests.cdk.emulated.deployment import Deployment
from tests.cdk.emulated.inventory import inventory


def test_prod_is_not_destroyed_by_accident(deployed: Mapping[str, Deployment]) -> None:
    prod = deployed["prod"]
    there = inventory(prod.aws.place)
    run = prod.aws.destroy("destroy prod, which refuses", prod.assembly.folder)
    assert run.status != 0
    assert "TerminationProtection is enabled" in run.output
    assert inventory(prod.aws.place) == there


def test_dev_goes_with_all_but_its_logs_and_a_snapshot(
    deployed: Mapping[str, Deployment], without_dev: set[str]
) -> None:
    dev = deployed["dev"]
    database = dev.database()["DBInstanceIdentifier"]
    logs = dev.output(names.Output.LOAD_BALANCER_LOGS)
    dev.client("s3").put_object(Bucket=logs, Key="AWSLogs/a-load-balancer-has-written", Body=b"GET /")
    run = dev.aws.destroy("destroy dev", dev.assembly.folder)
    assert run.status == 0, run.output
    left = inventory(dev.aws.place) - without_dev
    snapshot = f"rds DBSnapshots {database}-final"
    assert snapshot in left
    assert all("logGroups /aws/" in each for each in left - {snapshot}), left


def test_nothing_of_prod_goes_with_dev(deployed: Mapping[str, Deployment], without_dev: set[str]) -> None:
    assert without_dev <= inventory(deployed["prod"].aws.place)
