"""The database's size and safety."""

from __future__ import annotations

from dataclasses import dataclass

from cdk.settings.checks import LOG_DAYS, check, one_of, typed

VERSIONS = ("18.3",)  # the major version that the tests run on

# Memory in GiB, from AWS's list of instance classes. Graviton: no image of ours runs on them, so it costs nothing.
MEMORY = {
    "t4g.medium": 4,
    "t4g.large": 8,
    "m7g.large": 8,
    "m7g.xlarge": 16,
    "m7g.2xlarge": 32,
    "r7g.large": 16,
    "r7g.xlarge": 32,
    "r7g.2xlarge": 64,
}
INSIGHTS = (0, 15)  # the two lengths that Database Insights keeps by itself, in its standard and its advanced mode
# RDS offers one connection for each 9.1 MiB of the memory that PostgreSQL is given, which is some 10 % less than all.
_BYTES_A_CONNECTION = 9_531_392
_SHARE_OF_MEMORY = 0.9
# superuser_reserved_connections and rds.rds_superuser_reserved_connections, as RDS sets them, and a person with psql.
RESERVED_CONNECTIONS = 3 + 2 + 5


def connections_of(instance: str) -> int:
    """What RDS would allow on this class by itself."""
    return min(5000, int(MEMORY[instance] * 2**30 * _SHARE_OF_MEMORY / _BYTES_A_CONNECTION))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """RDS for PostgreSQL. Sizes are in GiB."""

    version: str = "18.3"
    instance: str
    multi_az: bool = True
    storage: int
    max_storage: int
    max_connections: int
    backup_days: int
    insights_months: (
        int  # of query statistics: 0 for seven days, which are free; 15 with the advanced mode, by the vCPU
    )
    log_days: int = 30

    def __post_init__(self) -> None:
        typed(self, "database")
        one_of("database.version", self.version, VERSIONS)
        one_of("database.instance", self.instance, tuple(MEMORY))
        check(
            "database.max_connections",
            50 <= self.max_connections <= self.most_connections,
            f"is {self.max_connections}: {self.instance} carries 50 to {self.most_connections}",
        )
        check("database.storage", self.storage >= 20, f"is {self.storage}: gp3 begins at 20 GiB")
        check(
            "database.max_storage",
            self.max_storage * 10 >= self.storage * 11,
            f"is {self.max_storage}: at least a tenth more than database.storage, or it cannot grow",
        )
        check("database.max_storage", self.max_storage <= 65_536, f"is {self.max_storage}: RDS ends at 65,536 GiB")
        check("database.backup_days", 1 <= self.backup_days <= 35, f"is {self.backup_days}: RDS keeps 1 to 35 days")
        one_of("database.log_days", self.log_days, LOG_DAYS)
        one_of("database.insights_months", self.insights_months, INSIGHTS)

    @property
    def most_connections(self) -> int:
        """What RDS would allow on this class by itself."""
        return connections_of(self.instance)

    @property
    def major_version(self) -> str:
        return self.version.partition(".")[0]
