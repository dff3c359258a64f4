"""One page of what runs outside the cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from cdk.constructs.alarms import Watch

_ACROSS = 3


def dashboard(scope: Construct, construct_id: str, *, name: str, sections: Mapping[str, Sequence[Watch]]) -> None:
    """A graph for each thing that is watched, with the line from which on it is trouble."""
    page = cloudwatch.Dashboard(scope, construct_id, dashboard_name=name, default_interval=Duration.hours(6))
    for title, watches in sections.items():
        page.add_widgets(cloudwatch.TextWidget(markdown=f"## {title}", width=24, height=1))
        for start in range(0, len(watches), _ACROSS):
            page.add_widgets(*(_graph(watch) for watch in watches[start : start + _ACROSS]))


def _graph(watch: Watch) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=watch.name,
        left=[watch.metric],
        left_annotations=[cloudwatch.HorizontalAnnotation(value=watch.threshold, color=cloudwatch.Color.RED)],
        width=24 // _ACROSS,
    )
