"""What every stack of an environment has in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk

from cdk import names
from cdk.settings import Environment


def properties(env: Environment, which: names.Stack, description: str) -> dict[str, Any]:
    """Arguments of a stack: its name, place, tags, and whether it can be deleted by accident."""
    return {
        "stack_name": names.stack(env.name, which),
        "env": cdk.Environment(account=env.account, region=env.region),
        "description": f"AegisTickets {env.name}: {description}",
        "termination_protection": env.protected,
        "tags": {"product": names.PRODUCT, "environment": env.name, "stack": str(which)},
    }


def outputs(stack: cdk.Stack, values: Mapping[names.Output, str]) -> None:
    """Values for manifests and scripts, by their agreed names."""
    for name, value in values.items():
        cdk.CfnOutput(stack, str(name), value=value)
