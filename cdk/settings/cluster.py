"""The cluster: its version, who reaches it, its nodes and add-ons."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from cdk.settings.checks import LOG_DAYS, NOT_PUBLIC, block, check, matches, one_of, typed

KUBERNETES = ("1.36",)  # kubectl, the autoscaler's image and the add-ons below belong to it

# What `aws eks describe-addon-versions --kubernetes-version 1.36` offers; docs/deploy.md says how to move them on.
ADDONS: Mapping[str, str] = MappingProxyType(
    {
        "vpc-cni": "v1.22.4-eksbuild.3",
        "kube-proxy": "v1.36.0-eksbuild.21",
        "coredns": "v1.14.3-eksbuild.16",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
        "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
        "metrics-server": "v0.8.1-eksbuild.6",
    }
)

# GiB of memory for each vCPU, by family. The nodes' image, and what `make push` builds, are for x86 processors.
_FAMILIES = {
    "t3": 4,
    "t3a": 4,
    **{
        f"{kind}{number}": ratio
        for kind, ratio in (("c", 2), ("m", 4), ("r", 8))
        for number in ("6i", "6a", "7i", "7a")
    },
}
_VCPUS = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16}
# vCPU and GiB of each type.
INSTANCES = {
    f"{family}.{size}": (vcpus, vcpus * ratio)
    for family, ratio in _FAMILIES.items()
    for size, vcpus in _VCPUS.items()
    if not family.startswith("t3") or vcpus <= 8
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSettings:
    """EKS with a managed node group in each zone, because a volume never leaves its zone. Counts are for one zone."""

    version: str = "1.36"
    release_version: str = ""  # of the nodes' image, as 1.36.2-20261103; empty: the newest when a group is made
    addons: Mapping[str, str] = field(default_factory=lambda: ADDONS)
    private: bool  # the API answers inside the VPC only
    allowed_cidrs: tuple[str, ...] = ()  # who else reaches the API when it is not private
    instances: tuple[str, ...]
    least_nodes: int
    most_nodes: int
    disk: int = 50
    log_days: int

    def __post_init__(self) -> None:
        typed(self, "cluster")
        one_of("cluster.version", self.version, KUBERNETES)
        release = rf"({re.escape(self.version)}\.\d+-\d{{8}})?"
        must = f"an image of {self.version} is written as {self.version}.0-20261103"
        matches("cluster.release_version", self.release_version, release, must)
        missing = sorted(name for name in ADDONS if not self.addons.get(name))
        check("cluster.addons", not missing, f"lack a version for {', '.join(missing)}")
        for name, version in self.addons.items():
            must = "an add-on's version is written as v1.2.3-eksbuild.1"
            matches(f"cluster.addons[{name}]", version, r"v\d+\.\d+\.\d+-eksbuild\.\d+", must)
        check("cluster.instances", bool(self.instances), "are empty: name at least one type")
        for number, instance in enumerate(self.instances):
            one_of(f"cluster.instances[{number}]", instance, tuple(INSTANCES))
        sizes = {INSTANCES[each] for each in self.instances}
        must = f"are {', '.join(self.instances)}: of one size, as the autoscaler takes the first for all"
        check("cluster.instances", len(sizes) == 1, must)
        check(
            "cluster.disk", 20 <= self.disk <= 16_384, f"is {self.disk}: 20 to 16,384 GiB, as images fill the first 20"
        )
        check("cluster.least_nodes", self.least_nodes >= 1, f"is {self.least_nodes}: every zone needs a node")
        check(
            "cluster.most_nodes",
            self.most_nodes >= self.least_nodes,
            f"is {self.most_nodes}: at least cluster.least_nodes, {self.least_nodes}",
        )
        check(
            "cluster.allowed_cidrs",
            self.private != bool(self.allowed_cidrs),
            "must be empty when cluster.private is set, and name somebody when it is not",
        )
        one_of("cluster.log_days", self.log_days, LOG_DAYS)
        for number, cidr in enumerate(self.allowed_cidrs):
            setting = f"cluster.allowed_cidrs[{number}]"
            people = block(setting, cidr)
            check(setting, people.prefixlen >= 16, f"is {cidr}: too many to be people you know; /16 at most")
            public = not any(people.overlaps(block("", each)) for each in NOT_PUBLIC)
            check(setting, public, f"is {cidr}: nobody comes from there, the API sees addresses of the internet")
