"""What is kept of the latest test of each scenario, in build/load/SCENARIO/."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.load.scenarios import Scenario
from tools.load.watching import Moment
from tools.setup import ROOT

KEPT = ROOT / "build" / "load"


@dataclass(frozen=True)
class About:
    """began: seconds since 1970. commit: as tools.bench.machine says it. settings: what was given beside the usual.

    machine: its parts by name.
    """

    scenario: str
    host: str
    began: float
    commit: str
    machine: Mapping[str, str]
    settings: Mapping[str, str]
    problems: Sequence[str]
    findings: Sequence[str]
    comparison: Sequence[str]


def new_folder(scenario: Scenario) -> Path:
    """An empty one for a run; what was kept before stays until the run has its figures."""
    folder = KEPT / f"{scenario.name}.new"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def keep(folder: Path, about: About, moments: Sequence[Moment]) -> None:
    """Put a run in the place of the one before."""
    (folder / "about.json").write_text(json.dumps(asdict(about), indent=2) + "\n")
    (folder / "moments.json").write_text(json.dumps([asdict(moment) for moment in moments]) + "\n")
    place = KEPT / about.scenario
    shutil.rmtree(place, ignore_errors=True)
    folder.rename(place)


def read(folder: Path) -> tuple[About, list[Moment]]:
    about = About(**json.loads((folder / "about.json").read_text()))
    return about, [Moment(**each) for each in json.loads((folder / "moments.json").read_text())]
