"""Connections: how busy they are, who waits for one, and what PostgreSQL itself reports."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from slo import series
from slo.dashboards.board import Board
from slo.dashboards.panels import RED, Look, lines
from slo.spec import Spec

_CLOUDWATCH = "From RDS, by the CloudWatch exporter."


def database(spec: Spec) -> Board:
    return Board(
        name="database",
        title="Database: connections and RDS",
        says="The pools of connections, as the processes see them, and the instance behind them.",
        rows=[("Pools", _pools(spec)), ("RDS", _rds())],
    )


def busiest(spec: Spec) -> Builder[Panel]:
    """Also on the on-sale board: the first thing that runs out."""
    look = Look("percentunit", ((spec.objectives.saturation.busy, RED),), highest=1)
    return lines("Connections in use, share of time", look, (series.POOL_BUSY, "{{job}} {{instance}}"))


def _pools(spec: Spec) -> list[Builder[Panel]]:
    saturation = spec.alerting.saturation
    busy = f"sum(rate(db_pool_busy_seconds_total[{series.duration(spec.objectives.saturation.slice)}]))"
    shares = (0.5, saturation.wait_quantile, 0.99)
    waits = "histogram_quantile(%s, sum by (le) (rate(db_pool_wait_seconds_bucket[$__rate_interval])))"
    return [
        busiest(spec),
        lines(
            "Connections in use, all processes together",
            Look("percentunit", ((spec.objectives.saturation.busy, RED),), highest=1),
            (f"{busy} / (sum(db_pool_size) > 0)", "fleet"),
        ),
        lines(
            "Wait for a connection",
            Look("s", ((saturation.wait, RED),)),
            *((waits % share, f"p{share * 100:g}") for share in shares),
        ),
        lines(
            "Callers that got no connection in time",
            Look("ops"),
            ("rate(db_pool_timeouts_total[$__rate_interval])", "{{job}} {{instance}}"),
        ),
        lines(
            "Connections",
            Look(says="Each process may open as many as its pool's size; all together must fit max_connections."),
            ("sum by (state) (db_pool_connections)", "{{state}}"),
            ("sum(db_pool_size)", "at most"),
        ),
        lines("Connections of each process", Look(), ('db_pool_connections{state="used"}', "{{job}} {{instance}}")),
    ]


def _rds() -> list[Builder[Panel]]:
    name = "{{dimension_DBInstanceIdentifier}}"
    return [
        lines(
            "CPU",
            Look("percent", ((80, RED),), highest=100, says=_CLOUDWATCH),
            ("aws_rds_cpuutilization_average", name),
        ),
        lines("Connections that RDS counts", Look(says=_CLOUDWATCH), ("aws_rds_database_connections_average", name)),
        lines(
            "Reads and writes",
            Look("iops", says=_CLOUDWATCH),
            ("aws_rds_read_iops_average", f"reads {name}"),
            ("aws_rds_write_iops_average", f"writes {name}"),
        ),
        lines(
            "Time of a write",
            Look("s", says=f"{_CLOUDWATCH} With a standby in another zone, a commit takes at least this long."),
            ("aws_rds_write_latency_average", name),
        ),
        lines("Free storage", Look("bytes", says=_CLOUDWATCH), ("aws_rds_free_storage_space_average", name)),
        lines("Deadlocks", Look(says=_CLOUDWATCH), ("aws_rds_deadlocks_average", name)),
    ]
