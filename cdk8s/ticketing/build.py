"""The charts of an environment, in the order in which they are applied: files are numbered by it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from cdk8s import App, Chart, YamlOutputType

from slo.spec import load_spec
from ticketing.charts.backend import Backend, Worker
from ticketing.charts.edge import Edge
from ticketing.charts.frontend import Frontend
from ticketing.charts.ground import Ground
from ticketing.charts.migrations import Migration
from ticketing.charts.monitoring import Monitoring
from ticketing.charts.payments import Payments
from ticketing.charts.policies import Policies
from ticketing.charts.probe import Probe
from ticketing.charts.rotation import Rotation
from ticketing.charts.scaling import Prescaling
from ticketing.charts.secrets import Secrets
from ticketing.inputs import Inputs
from ticketing.shop import sells_for_real


def build(inputs: Inputs, folder: Path) -> None:
    """Write NNNN-CHART.k8s.yaml for each chart."""
    app = App(outdir=str(folder), yaml_output_type=YamlOutputType.FILE_PER_CHART)
    for earlier, later in pairwise(charts(app, inputs)):
        later.add_dependency(earlier)
    app.synth()


def charts(app: App, inputs: Inputs) -> list[Chart]:
    """First what others need; the schema is wide before new pods come, and narrow only when the old ones are gone."""
    return [
        Ground(app, "ground", inputs=inputs),
        Policies(app, "policies", inputs=inputs),
        Secrets(app, "secrets", inputs=inputs),
        Migration(app, "migrate-pre", inputs=inputs, phase="pre"),
        Edge(app, "edge", inputs=inputs),
        *([] if sells_for_real(inputs) else [Payments(app, "payments", inputs=inputs)]),
        Backend(app, "backend", inputs=inputs),
        Worker(app, "worker", inputs=inputs),
        Frontend(app, "frontend", inputs=inputs),
        Prescaling(app, "prescaling", inputs=inputs),
        Rotation(app, "rotation", inputs=inputs),
        Probe(app, "probe", inputs=inputs),
        Monitoring(app, "monitoring", inputs=inputs, spec=load_spec()),
        Migration(app, "migrate-post", inputs=inputs, phase="post"),
    ]
