"""The few kinds of panel that the dashboards are made of, in Grafana's own builders."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardRangeMapOptions,
    DataTransformerConfig,
    DynamicConfigValue,
    Panel,
    RangeMap,
    Threshold,
    ThresholdsMode,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

# Grafana's names of its own colours, which fit both of its themes.
GREEN, YELLOW, ORANGE, RED = "green", "yellow", "orange", "red"

Query = tuple[str, str]
"""PromQL, and what its series are called: {{label}} stands for a label's value."""

Steps = Sequence[tuple[float, str]]
"""From this value on, that colour."""

Styled = TypeVar("Styled", timeseries.Panel, stat.Panel, bargauge.Panel, heatmap.Panel, table.Panel)


@dataclass(frozen=True, slots=True)
class Look:
    """How values are shown.

    unit: as Grafana calls it. base: the colour below the first step. width: of 24 columns.
    """

    unit: str = "short"
    steps: Steps = ()
    base: str = GREEN
    says: str = ""
    lowest: float | None = 0
    highest: float | None = None
    decimals: int | None = None
    mappings: Sequence[ValueMapping] = ()
    stacked: bool = False
    width: int = 12
    height: int = 8


def lines(title: str, look: Look, *queries: Query) -> Builder[Panel]:
    """Values over time; each step is a dashed line."""
    panel = _styled(timeseries.Panel(), title, look)
    panel.targets([*_targets(queries, timeseries=True)])
    panel.legend(
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(show_legend=True)
    )
    panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    panel.line_width(1).fill_opacity(60 if look.stacked else 8)
    if look.stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    if look.steps:
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    return panel


def numbers(title: str, look: Look, *queries: Query) -> Builder[Panel]:
    """The latest values, in figures, coloured by the steps."""
    panel = _styled(stat.Panel(), title, look)
    return (
        panel.targets([*_targets(queries, timeseries=False)])
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(_latest())
    )


def bars(title: str, look: Look, *queries: Query) -> Builder[Panel]:
    """The latest values beside each other, one bar each."""
    panel = _styled(bargauge.Panel(), title, look)
    panel.targets([*_targets(queries, timeseries=False)]).reduce_options(_latest())
    return panel.orientation(VizOrientation.HORIZONTAL)


def rows(title: str, look: Look, *queries: Query, leads_to: tuple[str, str] | None = None) -> Builder[Panel]:
    """The latest values as a table, with their labels as columns. leads_to: a column, and where its values link to."""
    panel = _styled(table.Panel(), title, look)
    panel.targets([target.format(PromQueryFormat.TABLE) for target in _targets(queries, timeseries=False)])
    if leads_to is not None:
        column, url = leads_to
        panel.override_by_name(column, [DynamicConfigValue("links", [{"title": "Runbook", "url": url}])])
    return panel.with_transformation(
        DataTransformerConfig(id_val="organize", options={"excludeByName": {"Time": True, "__name__": True}})
    )


def clouds(title: str, look: Look, query: Query) -> Builder[Panel]:
    """A histogram over time. query: the growth of its buckets, by `le`."""
    (target,) = _targets([query], timeseries=True)
    panel = _styled(heatmap.Panel(), title, look).targets([target.format(PromQueryFormat.HEATMAP)])
    return panel.calculate(calculate=False).y_axis(heatmap.YAxisConfig().unit(look.unit)).show_legend()


def in_words(*words: tuple[float | None, str, str]) -> list[ValueMapping]:
    """Say a text, in a colour, for every value from so much on; None is the lowest. Ascending."""
    ends = [*(start for start, _, _ in words[1:]), None]
    return [
        RangeMap(DashboardRangeMapOptions(start, end, ValueMappingResult(text=text, color=color)))
        for (start, text, color), end in zip(words, ends, strict=True)
    ]


def _targets(queries: Sequence[Query], *, timeseries: bool) -> list[prometheus.Dataquery]:
    targets = []
    for ref, (expr, legend) in zip(ascii_uppercase, queries, strict=False):
        target = prometheus.Dataquery().ref_id(ref).expr(expr).legend_format(legend).datasource(SOURCE)
        targets.append(target.range() if timeseries else target.instant())
    return targets


def _latest() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"])


def _styled(panel: Styled, title: str, look: Look) -> Styled:
    panel.title(title).datasource(SOURCE).span(look.width).height(look.height).unit(look.unit)
    panel.thresholds(
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(None, look.base), *(Threshold(value, color) for value, color in look.steps)])
    )
    if look.says:
        panel.description(look.says)
    if look.lowest is not None:
        panel.min(look.lowest)
    if look.highest is not None:
        panel.max(look.highest)
    if look.decimals is not None:
        panel.decimals(look.decimals)
    if look.mappings:
        panel.mappings(list(look.mappings))
    return panel
