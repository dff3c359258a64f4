"""How a pod goes without any customer noticing: times in seconds that must fit each other."""

from __future__ import annotations

from dataclasses import dataclass

from cdk.settings.checks import check, typed, within

# From a pod's end being wished until no new request reaches it: the controller's turn, the load balancer's own, and
# how long each of its nodes takes to learn of it.
PROPAGATION = 15
DEADLINE = 2  # the backend answers every request within it (backend.web.edge)
FINISH = 20  # what the backend gives requests under way, after it has stopped listening (backend.app)
KEEP_ALIVE = 75  # how long backend and nginx keep an idle connection
PROGRESS = 600  # without one more pod within it a rollout has failed
ARRIVAL = 300  # of these: a node that comes for the pod, its image, its start


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """What a pod that goes does, and what the load balancer does meanwhile.

    It sleeps while it serves as ever (pre_stop), is told to stop, serves on while it asks everybody to come back
    elsewhere (drain), finishes what is under way, and is ended if it still runs.
    """

    pre_stop: int = 20
    drain: int = 5
    margin: int = 10
    deregistration: int = 30  # the load balancer lets requests under way finish for so long
    idle: int = 60  # the load balancer closes connections that were idle for so long; streams say something sooner
    health_interval: int = 10
    health_timeout: int = 4
    healthy: int = 2
    unhealthy: int = 3

    def __post_init__(self) -> None:
        typed(self, "rollout")
        check(
            "rollout.pre_stop",
            self.pre_stop >= PROPAGATION,
            f"is {self.pre_stop}: the load balancer takes up to {PROPAGATION} s to notice that a pod goes",
        )
        within("rollout.healthy", self.healthy, 2, 10)
        within("rollout.unhealthy", self.unhealthy, 2, 10)
        within("rollout.health_interval", self.health_interval, 5, 300)
        within("rollout.health_timeout", self.health_timeout, 2, 120)
        within("rollout.idle", self.idle, 1, 4000)
        within("rollout.deregistration", self.deregistration, 0, 3600)
        found_well = self.healthy * self.health_interval
        check(
            "rollout.healthy",
            found_well <= PROGRESS - ARRIVAL,
            f"times rollout.health_interval is {found_well}: at most {PROGRESS - ARRIVAL} s, or rollouts are given up",
        )
        check("rollout.drain", self.drain >= DEADLINE, f"is {self.drain}: a request may take {DEADLINE} s")
        check("rollout.margin", self.margin >= 5, f"is {self.margin}: at least 5 to close what is open")
        check(
            "rollout.deregistration",
            self.deregistration >= DEADLINE + self.drain,
            f"is {self.deregistration}: requests under way must be able to finish",
        )
        check(
            "rollout.idle",
            self.idle < KEEP_ALIVE,
            f"is {self.idle}: less than {KEEP_ALIVE}, or pods close connections on which a request is coming",
        )
        check("rollout.health_timeout", self.health_timeout < self.health_interval, "must be below the interval")

    @property
    def grace(self) -> int:
        """terminationGracePeriodSeconds: the sleep counts too."""
        return self.pre_stop + self.drain + FINISH + self.margin
