"""A world of stand-ins in which an environment can be deployed; the manifests are real."""

from pathlib import Path

import pytest

from tests.tools.release.stand_ins import ROOT, World, stand_ins
from tools import synth


@pytest.fixture(params=["dev", "prod"])
def env(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(env: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """One in which nothing was deployed by hand and everything goes well; prod has its images already."""
    monkeypatch.setattr(synth, "MANIFESTS", tmp_path / "dist")
    # checkov is no stand-in and takes long; `make synth` runs it.
    monkeypatch.setattr(synth, "STEPS", [each for each in synth.STEPS if each.name != "manifest-checkov"])
    made = stand_ins(tmp_path, env, ROOT / "tests" / "manifests" / "snapshots" / env)
    made.has_images("prod")
    return made
