"""What a sale needs, from what was measured: `python -m tools.bench.capacity --buyers 2000`.

Everybody looks at the list and at the event and tries for tickets; buyers get them and pay.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from math import ceil

from cdk.settings import SettingsError, environment
from cdk.settings.database import MEMORY, RESERVED_CONNECTIONS, connections_of
from cdk.settings.sale import BOOKING, HOLDING, READING
from cdk.settings.workloads import CPU_PERCENT, SHARE, Workload, connections_needed
from tools import console
from tools.bench.results import in_columns
from tools.console import Failure, say

# Seconds of the database's CPU, measured as those of the backend are (cdk/settings/sale.py).
DATABASE_HOLDING = 40e-6  # in batches of 16, which costs more than in larger ones
DATABASE_BOOKING = 400e-6
RELAYING = 22e-6  # of the worker's, for each booking

# Seconds that a batch of holds takes by itself and for each of its requests, and what its commit adds.
BATCH, BATCH_ITEM, BATCH_SIZE = 300e-6, 13e-6, 256
COMMIT = 2e-3  # with a standby in another zone, which has to have it too

WITHIN, APART = 3.0, 1.75
"""Times that a process's own figures are those of this model, all together at most, or at least the inverse.

A busy machine charges more for everything, so what one kind of work costs is compared with the others: it is at most
so many times further from its plan than all of the process together, or less (tests hold both).
"""

_BATCHES = 6  # two of holds, of checkouts and of settlements may be under way at a time
_ALONE = 2  # statements of a booking that go by themselves: its webhook, and the order that its customer looks at
_STATEMENT = 5e-3  # seconds that such a one has its connection, with its commit
_LARGEST_POOL = 100
_DATABASE_PERCENT = 60  # of the database's CPU, so that it carries a failover's rush
_VCPUS = {"medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8}


@dataclass(frozen=True, slots=True)
class Demand:
    """buyers: who get tickets, each second. comers: who look and try, for each of them."""

    buyers: float
    comers: float = 1.0

    @property
    def backend(self) -> float:
        """Seconds of the backend's CPU each second. A booking's own hold is part of it."""
        return self.buyers * (2 * READING + BOOKING + (self.comers - 1) * (2 * READING + HOLDING))

    @property
    def database(self) -> float:
        return self.buyers * (DATABASE_BOOKING + (self.comers - 1) * DATABASE_HOLDING)


@dataclass(frozen=True, slots=True)
class Plan:
    """pods: of the backend. pool: connections of each. connections: of all processes, in the middle of a rollout.

    instance: the smallest database class that carries it, None when none does.
    """

    pods: int
    pool: int
    connections: int
    database_cpu: float
    worker_cpu: float
    instance: str | None


def plan(demand: Demand, backend: Workload, worker: Workload) -> Plan:
    """What carries the demand, made of such pods."""
    pods = max(2, ceil(demand.backend / (min(backend.cores, 1.0) * CPU_PERCENT / 100)))  # one thread uses one core
    alone = demand.buyers * _ALONE * _STATEMENT / pods
    pool = min(_LARGEST_POOL, ceil(_BATCHES + 2 * alone))  # twice, as they do not come one after the other
    connections = connections_needed(replace(backend, most=pods, pool=pool), worker)
    instance = _smallest(demand.database, ceil(connections / SHARE) + RESERVED_CONNECTIONS)
    return Plan(pods, pool, connections, demand.database, demand.buyers * RELAYING, instance)


def _smallest(cpu: float, connections: int) -> str | None:
    carrying = [
        name
        for name in MEMORY
        if not name.startswith("t")  # whose CPU comes in bursts
        and _VCPUS[name.partition(".")[2]] * _DATABASE_PERCENT / 100 >= cpu
        and connections_of(name) >= connections
    ]
    return min(carrying, key=lambda name: (MEMORY[name], name), default=None)


def holds_of_one_pool(commit: float = COMMIT) -> float:
    """The most that are held a second of tickets that everybody wants, however many processes there are.

    A batch has the pool's row for itself until it is committed.
    """
    return BATCH_SIZE / (BATCH + BATCH_SIZE * BATCH_ITEM + commit)


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    try:
        settings = environment(options.env)
    except SettingsError as error:
        raise Failure(str(error)) from None
    demand = Demand(options.buyers, options.comers)
    needed = plan(demand, settings.backend, settings.worker)
    has = settings.database
    lines = [
        ("what", "needed", f"{options.env} has"),
        ("backend pods", str(needed.pods), f"{settings.backend.least} to {settings.backend.most}"),
        ("connections of each", str(needed.pool), str(settings.backend.pool)),
        ("connections in all", str(needed.connections), str(has.max_connections)),
        ("database", needed.instance or "none", has.instance),
        ("its CPU, cores", f"{needed.database_cpu:.2f}", ""),
        ("worker's CPU, cores", f"{needed.worker_cpu:.2f}", f"{settings.worker.cores:g} requested"),
    ]
    holds, most = demand.buyers * demand.comers, holds_of_one_pool()
    say(f"{in_columns(lines)}\n\n{holds:,.0f} holds a second; of one event's tickets {most:,.0f} can be carried out.")
    if needed.instance is None or holds > most:
        raise Failure("it is more than can be carried: let a waiting room spread the sale")
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.capacity", description="What a sale needs.")
    parser.add_argument("--buyers", type=_positive, required=True, metavar="N", help="who get tickets, each second")
    parser.add_argument("--comers", type=_positive, default=1.0, metavar="N", help="who try, for each of them")
    parser.add_argument("--env", default="prod", help="to compare with")
    return parser.parse_args(arguments)


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e9:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


if __name__ == "__main__":
    console.run(main)
