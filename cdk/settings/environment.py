"""An environment: everything that differs between dev and prod, and what must hold between its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass

from cdk.settings.checks import LOG_DAYS, block, check, inside, matches, one_of, typed
from cdk.settings.cluster import INSTANCES, ClusterSettings
from cdk.settings.database import RESERVED_CONNECTIONS, DatabaseSettings
from cdk.settings.network import NetworkSettings
from cdk.settings.rollout import Rollout
from cdk.settings.sale import Sale
from cdk.settings.workloads import NODE_SHARE, Workload, connections_allowed, connections_needed

# Letters of the zones of each region that we know.
ZONES = {
    "eu-west-1": "abc",
    "eu-central-1": "abc",
    "eu-north-1": "abc",
    "us-east-1": "abcdef",
    "us-east-2": "abc",
    "us-west-2": "abcd",
}

EXAMPLE_ACCOUNT = "111122223333"
# What documentation may use freely: names (RFC 2606) and address blocks (RFC 5737) that can belong to nobody.
_EXAMPLE = re.compile(rf"(^|[@./:-])example([./-]|$)|EXAMPLE|{EXAMPLE_ACCOUNT}", re.ASCII)
_DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])"
_NAME = r"(?=.{2,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*"
_EXAMPLE_BLOCKS = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """Where customers come in. The hosted zone is in Route 53, in the same account."""

    domain: str
    zone_name: str
    zone_id: str
    certificate_arn: str = ""  # empty: one is made, and proven by a record in the zone
    requests_per_5_minutes: int  # from one address, before the firewall turns it away
    log_days: int
    access_log_days: int = 14  # of the load balancer's log, which holds what stands in the addresses of requests

    def __post_init__(self) -> None:
        typed(self, "edge")
        for name, value in (("domain", self.domain), ("zone_name", self.zone_name)):
            matches(f"edge.{name}", value, _DOMAIN, "write small letters, digits and hyphens between dots")
        check("edge.domain", len(self.domain) <= 64, f"is {self.domain}: a certificate takes 64 characters")
        matches("edge.zone_id", self.zone_id, r"Z[0-9A-Z]{1,31}", "Route 53 writes Z and capitals or digits")
        fits = self.domain == self.zone_name or self.domain.endswith(f".{self.zone_name}")
        check("edge.domain", fits, f"is {self.domain}, which is not in edge.zone_name {self.zone_name}")
        one_of("edge.log_days", self.log_days, LOG_DAYS)
        given = self.access_log_days
        check("edge.access_log_days", 1 <= given <= 30, f"is {given}: 1 to 30, since links to orders are in that log")
        check(
            "edge.requests_per_5_minutes",
            100 <= self.requests_per_5_minutes <= 2_000_000_000,
            f"is {self.requests_per_5_minutes}: the firewall counts from 100",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringSettings:
    """Prometheus keeps at most so many days and so much of its volume (GiB), whichever is less."""

    alarm_address: str
    retention_days: int
    storage: int
    replicas: int = 1  # of Prometheus and of Alertmanager, each with a volume of its own
    # Whether the secret `application` has HEARTBEAT_URL, of a service outside that calls somebody once it is no longer
    # asked: Alertmanager asks it each minute, so silence means that no alert would arrive.
    heartbeat: bool = False

    def __post_init__(self) -> None:
        typed(self, "monitoring")
        # The promise looks back over 28 days.
        check("monitoring.retention_days", self.retention_days >= 30, f"is {self.retention_days}: at least 30")
        check("monitoring.storage", 20 <= self.storage <= 16_384, f"is {self.storage}: 20 to 16,384 GiB")
        check("monitoring.replicas", 1 <= self.replicas <= 2, f"is {self.replicas}: 1, or 2 that watch the same")
        address = r"[^@\s]+@([a-z0-9-]+\.)+[a-z]{2,}"
        matches("monitoring.alarm_address", self.alarm_address, address, "no e-mail address")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    """Who may deliver: a GitHub repository. An account has one OIDC provider for GitHub, made by one environment.

    Where protected is set it stays when its environment goes: others may trust it.
    """

    repository: str  # owner/name
    owner_id: str = ""  # both numbers of GitHub, where its tokens name them beside the names; see docs/pipelines.md
    repository_id: str = ""
    makes_provider: bool
    has_provider: bool = False  # the account has one that none of our environments made
    images_from: str = ""  # the environment that goes first, whose images come here as they are; else they are built
    # Pipelines deploy from a runner inside the VPC, as the cluster's API answers none of GitHub's; without, people do.
    runner_connection_arn: str = ""  # of CodeConnections
    runner_workflow: str = ""  # the name of the one workflow that the runner is started for

    def __post_init__(self) -> None:
        typed(self, "delivery")
        named = re.fullmatch(r"[\w-]*", self.runner_workflow, re.ASCII) is not None
        check("delivery.runner_workflow", named, f"is {self.runner_workflow}: write a name of letters and digits")
        fits = re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository) is not None
        check("delivery.repository", fits, f"is {self.repository}: write owner/name")
        for name, number in (("owner_id", self.owner_id), ("repository_id", self.repository_id)):
            is_number = re.fullmatch(r"[1-9]\d*|", number, re.ASCII) is not None
            check(f"delivery.{name}", is_number, f"is {number}: it is a number, as GitHub's API gives it")
        inside = bool(self.runner_workflow) == bool(self.runner_connection_arn)
        must = "and delivery.runner_connection_arn belong together: the cluster's API answers none of GitHub's runners"
        check("delivery.runner_workflow", inside, must)
        both = bool(self.owner_id) == bool(self.repository_id)
        check("delivery.owner_id", both, "and delivery.repository_id belong together: set both or neither")

    @property
    def subject(self) -> str:
        """What GitHub's tokens call the repository; with its numbers no later owner of the same name is believed."""
        if not self.owner_id:
            return self.repository
        owner, name = self.repository.split("/")
        return f"{owner}@{self.owner_id}/{name}@{self.repository_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """All settings of one environment; wrong ones are refused when it is made."""

    name: str
    account: str
    region: str
    protected: bool  # nothing here goes by accident: stacks, data and keys stay
    network: NetworkSettings
    database: DatabaseSettings
    cluster: ClusterSettings
    backend: Workload
    worker: Workload
    frontend: Workload
    edge: EdgeSettings
    monitoring: MonitoringSettings
    delivery: DeliverySettings
    rollout: Rollout = field(default_factory=Rollout)
    sale: Sale = field(default_factory=Sale)

    def __post_init__(self) -> None:
        typed(self)
        matches("name", self.name, _NAME, "up to 20 small letters, digits and single hyphens, as in names of resources")
        matches("account", self.account, r"\d{12}", "an account has 12 digits")
        one_of("region", self.region, tuple(ZONES))
        for number, letter in enumerate(self.network.zones):
            one_of(f"network.zones[{number}]", letter, tuple(ZONES[self.region]))
        vcpus, memory = min(INSTANCES[each] for each in self.cluster.instances)
        for name in ("backend", "worker", "frontend"):
            workload: Workload = getattr(self, name)
            workload.checked(name)
            workload.fits(name, vcpus, memory)
        self._check_room(vcpus)
        self._check_connections()
        arn = f"arn:aws:acm:{self.region}:{self.account}:certificate/"
        given = self.edge.certificate_arn
        check("edge.certificate_arn", not given or given.startswith(arn), f"is {given}: it must begin with {arn}")
        self._check_connection()
        if self.protected:
            self._check_protected()

    def _check_room(self, vcpus: int) -> None:
        """SettingsError when all pods at their most, in the middle of a rollout, ask for more CPU than there can be."""
        workloads = (self.backend, self.worker, self.frontend)
        asked = sum((each.most + each.surge) * each.cores for each in workloads)
        room = self.cluster.most_nodes * len(self.network.zones) * vcpus * NODE_SHARE
        check(
            "cluster.most_nodes",
            asked <= room,
            f"is {self.cluster.most_nodes} in each zone, with room for {room:g} vCPU, but pods may ask for {asked:g}: "
            "raise it, or lower backend.most, worker.most or frontend.most",
        )

    def _check_connections(self) -> None:
        needed = connections_needed(self.backend, self.worker, self.frontend)
        allowed = connections_allowed(self.database.max_connections, RESERVED_CONNECTIONS)
        check(
            "database.max_connections",
            needed <= allowed,
            f"is {self.database.max_connections}, of which pods may plan {allowed}, but need {needed}: "
            "lower backend.pool or backend.most, or take a larger database.instance",
        )

    def _check_connection(self) -> None:
        given = self.delivery.runner_connection_arn
        arn = f"arn:aws:codeconnections:{self.region}:{self.account}:connection/"
        fits = not given or _is_example(given) or given.startswith(arn)
        check("delivery.runner_connection_arn", fits, f"is {given}: it must begin with {arn}")

    def _check_protected(self) -> None:
        check("database.multi_az", self.database.multi_az, "must be set where protected is")
        check("database.backup_days", self.database.backup_days >= 14, "must be at least 14 where protected is set")
        check("cluster.private", self.cluster.private, "must be set where protected is")
        check(
            "network.nat_gateways",
            self.network.nat_gateways == len(self.network.zones),
            f"is {self.network.nat_gateways}: one for each zone where protected is set",
        )
        check(
            "delivery.runner_connection_arn",
            bool(self.delivery.runner_connection_arn),
            "is needed: see cluster.private",
        )

    @property
    def zones(self) -> tuple[str, ...]:
        """Full names, as eu-west-1a."""
        return tuple(f"{self.region}{letter}" for letter in self.network.zones)

    @property
    def public_url(self) -> str:
        return f"https://{self.edge.domain}"


def unwatched(environment: Environment) -> str:
    """One line of warning, "" when somebody would notice that alerts have stopped."""
    if environment.monitoring.heartbeat:
        return ""
    return (
        f"in {environment.name} nobody is told when alerts stop coming: set monitoring.heartbeat, "
        "see docs/kubernetes.md"
    )


def examples(environment: Environment) -> tuple[str, ...]:
    """Names of the settings that still hold what nobody can own: enough to read a template, not to deploy it."""
    return tuple(name for name, value in _strings(environment) if _is_example(value))


def refuse_examples(environment: Environment) -> None:
    """SettingsError names every setting that must be filled in before this environment can be deployed."""
    left = examples(environment)
    check(", ".join(left), not left, f"of {environment.name} still hold examples: fill them in, in cdk/settings")


def _strings(settings: object, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(settings, str):
        yield path, settings
    elif isinstance(settings, tuple):
        for number, each in enumerate(settings):
            yield from _strings(each, f"{path}[{number}]")
    elif is_dataclass(settings):
        for each in fields(settings):
            yield from _strings(getattr(settings, each.name), f"{path}.{each.name}".lstrip("."))


def _is_example(value: str) -> bool:
    if re.fullmatch(r"(\d+\.){3}\d+/\d+", value, re.ASCII):
        return inside(str(block("", value)), _EXAMPLE_BLOCKS)
    return _EXAMPLE.search(value) is not None
