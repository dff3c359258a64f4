"""What to turn down, and what that saves: the same bill for other settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from cdk.cost.bill import HOURS, month, total
from cdk.cost.prices import Price
from cdk.settings import Environment

OFFICE_HOURS = 12 * 22  # of a month


@dataclass(frozen=True, slots=True)
class Step:
    setting: str
    loses: str
    saves: float


def steps(env: Environment, prices: Mapping[str, Price]) -> list[Step]:
    """Those that this environment's rules allow, the largest first."""
    found = [*_of_dev(env, prices)] if not env.protected else [_without_endpoints(env, prices)]
    return sorted(found, key=lambda step: -step.saves)


def _of_dev(env: Environment, prices: Mapping[str, Price]) -> list[Step]:
    node = prices[f"ec2-{env.cluster.instances[0]}-hour"].usd or 0
    asleep = (HOURS - OFFICE_HOURS) * env.cluster.least_nodes * len(env.zones) * node
    alone = replace(env, database=replace(env.database, multi_az=False))
    return [
        Step("node groups scaled to nothing outside office hours, by hand", "the shop, outside office hours", asleep),
        Step(
            "`database.multi_az=False`", "failover, and what is learned from it before prod", _less(env, alone, prices)
        ),
    ]


def _without_endpoints(env: Environment, prices: Mapping[str, Price]) -> Step:
    plain = replace(env, network=replace(env.network, endpoints=()))
    loses = "the way to AWS's own services when the NAT fails; images and logs then pay for the NAT by the GB"
    return Step("`network.endpoints=()`", loses, _less(env, plain, prices))


def _less(env: Environment, other: Environment, prices: Mapping[str, Price]) -> float:
    return total(month(env), prices) - total(month(other), prices)
