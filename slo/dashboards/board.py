"""A dashboard around its panels: its address, data source, filters, and the marks of what was deployed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    DashboardCursorSync,
    DashboardLinkType,
    Panel,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from slo.dashboards.panels import SOURCE
from slo.heads import MADE_BY
from slo.spec import Links

FOLDER = Path("slo/out/dashboards")
TAG = "aegistickets"

# The labels are the same everywhere; only what a cluster's own exporters say needs to be told apart from other tenants.
NAMESPACE = 'namespace=~"tickets-.+"'


@dataclass(frozen=True, slots=True)
class Board:
    """name: its file and, behind aegis-, its address; it stays, whatever the title becomes. since: e.g. now-6h."""

    name: str
    title: str
    says: str
    rows: Sequence[tuple[str, Sequence[Builder[Panel]]]]
    since: str = "now-6h"
    variables: Sequence[Builder[VariableModel]] = ()


def file_of(board: Board, links: Links) -> tuple[Path, str]:
    """The dashboard as Grafana imports and provisions it."""
    built = _frame(board, links)
    for title, panels in board.rows:
        built.with_row(dashboard.Row(title))
        for panel in panels:
            built.with_panel(panel)
    model = built.build()
    for number, each in enumerate(model.panels or [], 1):
        each.id_val = number
    content = json.loads(json.dumps(model, cls=JSONEncoder))
    for each in (*content["links"], *content["annotations"]["list"]):
        del each["placement"]  # the SDK puts them all into a menu, where nobody sees them
    return FOLDER / f"{board.name}.json", json.dumps(content, indent=2, sort_keys=True) + "\n"


def choice(name: str, label: str, metric: str) -> Builder[VariableModel]:
    """A filter by one of a metric's labels: all of its values unless some are chosen; $name in PromQL."""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(f"label_values({metric}, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(VariableOption(text="All", value="$__all"))
    )


def _frame(board: Board, links: Links) -> dashboard.Dashboard:
    source = dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    others = dashboard.DashboardLink("Dashboards").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    runbooks = dashboard.DashboardLink("Runbooks").type(DashboardLinkType.LINK).url(links.runbooks)
    return (
        dashboard.Dashboard(board.title)
        .uid(f"aegis-{board.name}")
        .description(f"{board.says} {MADE_BY}")
        .tags([TAG])
        .timezone("browser")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(board.since, "now")
        .refresh("30s")
        .variables([source, *board.variables])
        .annotations(_marks())
        .link(others.keep_time(keep_time=True))
        .link(runbooks.target_blank(target_blank=True))
    )


def _marks() -> list[Builder[AnnotationQuery]]:
    """When a new version was rolled out, and when a process started for any reason. Their values are their times."""
    return [
        _mark("Deploys", f"kube_replicaset_created{{{NAMESPACE}}} * 1000", "blue", "replicaset"),
        _mark("Starts", "process_start_time_seconds * 1000", "super-light-blue", "job,instance"),
    ]


def _mark(name: str, expr: str, color: str, tags: str) -> Builder[AnnotationQuery]:
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(SOURCE)
        .enable(enable=True)
        .icon_color(color)
        .expr(expr)
        .step("60s")
        .use_value_for_time(use_value_for_time=True)
        .title_format(name)
        .tag_keys(tags)
    )
