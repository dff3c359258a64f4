"""All of the dashboards, as files."""

from pathlib import Path

from slo.dashboards.board import file_of
from slo.dashboards.business import business
from slo.dashboards.database import database
from slo.dashboards.monitoring import monitoring
from slo.dashboards.onsale import onsale
from slo.dashboards.overview import overview
from slo.dashboards.resources import resources
from slo.dashboards.routes import routes
from slo.spec import Spec

BOARDS = (overview, routes, resources, database, business, onsale, monitoring)


def write(spec: Spec) -> dict[Path, str]:
    return dict(file_of(board(spec), spec.links) for board in BOARDS)
