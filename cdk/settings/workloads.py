"""What runs in the cluster, how often, and how many database connections that takes."""

from __future__ import annotations

from dataclasses import dataclass

from cdk.settings.checks import check, matches, typed

# Beside its pool a process of `serve` holds a connection that listens, the worker one that checks the invariants; and
# one more while somebody asks for a fresh check, or a connection that was given up is still being closed.
BESIDE_THE_POOL = 2
# Jobs, which there is one of each at a time. A migration has its own connection and the one that gives the application
# its role; a rotation the owner's and the one that it tries; prescaling and the probe ask one thing after another.
JOBS = 2 + 2 + 1 + 1
CPU_PERCENT = 60  # of what is requested; beyond it more pods are asked for, and the rest lasts until they have come
SHARE = 0.7  # of what is not reserved: the promise measures at 80 %, and a failover reconnects all at once

NODE_SHARE = 0.8  # of a node; the rest is the system's, and of the pods that every node has


# What pods take, measured where `make bench` runs: `python -m tools.bench --only holds,free,paid --rounds 2` prints CPU
# for each operation and the memory of each process after it; nginx on its own, with one customer who keeps asking.
#
# | process  | CPU                                        | resident memory                                       |
# | -------- | ------------------------------------------ | ----------------------------------------------------- |
# | serve    | 85 us a hold, 430 us a paid booking        | 79 MiB; at most 120 with 2,000 streams (`make bench`) |
# | worker   | 22 us a paid booking: 1 % at 600 a second  | 75 MiB                                                |
# | psp      | 128 us a payment                           | 64 MiB                                                |
# | one task | 0.65 s each, most of it to start           | 73 MiB (migrate, check, probe)                        |
# | nginx    | 18 us a file                               | 18 MiB, its three processes together                  |
#
# serve has one thread, so a core is all that it can use. Memory is a limit, beyond which a pod is killed with all that
# it was doing: three times what was seen and more, for documents being drawn and for what no test did.


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
        typed(self, name)
        matches(f"{name}.cpu", self.cpu, r"[1-9]\d*m?", "write 250m or 2")
        matches(f"{name}.memory", self.memory, r"[1-9]\d*[MG]i", "write 384Mi or 2Gi")
        check(f"{name}.least", self.least >= 1, f"is {self.least}: at least 1")
        check(f"{name}.most", self.most >= self.least, f"is {self.most}: at least {name}.least, {self.least}")
        check(f"{name}.surge", self.surge >= 1, f"is {self.surge}: at least 1, as no pod goes before another has come")
        check(f"{name}.pool", self.pool == 0 or 2 <= self.pool <= 100, f"is {self.pool}: 2 to 100, as DB_POOL_SIZE")

    def fits(self, name: str, vcpus: int, memory: int) -> None:
        """SettingsError when a node of so many vCPU and GiB has no room for a pod. memory: of the node."""
        room = vcpus * NODE_SHARE
        check(
            f"{name}.cpu",
            self.cores <= room,
            f"is {self.cpu}, and the smallest of cluster.instances has room for {room:g}",
        )
        size = int(self.memory[:-2]) / (1024 if self.memory.endswith("Mi") else 1)
        room = memory * NODE_SHARE
        check(
            f"{name}.memory",
            size <= room,
            f"is {self.memory}, and the smallest of cluster.instances has room for {room:g}Gi",
        )

    @property
    def cores(self) -> float:
        """The CPU that is requested."""
        return int(self.cpu.removesuffix("m")) / (1000 if self.cpu.endswith("m") else 1)

    @property
    def connections(self) -> int:
        """Held at most: by every pod there can be in the middle of a rollout, those that have come and those that go.

        Kubernetes counts no pod that is ending, and such a pod keeps its pool until it has drained, which takes about
        as long as those that came in its place take to be ready: so there is a second surge of them.
        """
        return (self.most + 2 * self.surge) * (self.pool + BESIDE_THE_POOL) if self.pool else 0


def connections_needed(*workloads: Workload) -> int:
    """Database connections at the worst moment: all at their most, all rolling out, and every job running."""
    return sum(workload.connections for workload in workloads) + JOBS


def connections_allowed(max_connections: int, reserved: int) -> int:
    """How many of them the application may plan to hold."""
    return int((max_connections - reserved) * SHARE)
