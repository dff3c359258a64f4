"""What runs in the cluster, how often, and how many database connections that takes."""

from __future__ import annotations

from dataclasses import dataclass

from cdk.settings.checks import check

# Beside its pool a process of `serve` holds a connection that listens, the worker one that checks the invariants; and
# one more while somebody asks for a fresh check, or a connection that was given up is still being closed.
BESIDE_THE_POOL = 2
MIGRATION = 2  # the migration's own connection, and the one that gives the application its role
# Pods are started ahead of a sale, one for so many tickets. One process sells several hundred a second where
# `make bench` runs; how many come in vain for each who buys is an assumption, to be corrected by the first large sale.
TICKETS_A_POD = 1_000
LEAD_MINUTES, STAY_MINUTES = 20, 30  # a node takes some three minutes to come; who waits for others' holds stays on
SHARE = 0.7  # of what is not reserved: the promise measures at 80 %, and a failover reconnects all at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Pods of one kind. pool: DB_POOL_SIZE, 0 for those that never see the database. surge: more during a rollout."""

    least: int
    most: int
    surge: int = 1
    pool: int = 0
    cpu: str  # requested, as Kubernetes writes it
    memory: str  # requested and the limit

    def checked(self, name: str) -> None:
        """SettingsError names the setting, which only the owner knows."""
        check(f"{name}.least", self.least >= 1, f"is {self.least}: at least 1")
        check(f"{name}.most", self.most >= self.least, f"is {self.most}: at least {name}.least, {self.least}")
        check(f"{name}.surge", self.surge >= 1, f"is {self.surge}: at least 1, as no pod goes before another has come")
        check(f"{name}.pool", self.pool == 0 or 2 <= self.pool <= 100, f"is {self.pool}: 2 to 100, as DB_POOL_SIZE")

    @property
    def connections(self) -> int:
        """Held at most: every pod there can be, in the middle of a rollout."""
        return (self.most + self.surge) * (self.pool + BESIDE_THE_POOL) if self.pool else 0


def connections_needed(*workloads: Workload) -> int:
    """Database connections at the worst moment: all at their most, all rolling out, and the migration running."""
    return sum(workload.connections for workload in workloads) + MIGRATION


def connections_allowed(max_connections: int, reserved: int) -> int:
    """How many of them the application may plan to hold."""
    return int((max_connections - reserved) * SHARE)
