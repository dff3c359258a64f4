"""k6 with one of our scripts, for seconds instead of minutes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from slo.spec import load_spec
from tests.shop import ROOT
from tools.load.summary import Summary, read
from tools.setup import VENV, environment

PASSED, MISSED = 0, 99


@dataclass(frozen=True)
class Driven:
    """status: k6's exit code. missed: the metrics whose thresholds were not met, without their tags."""

    status: int
    missed: frozenset[str]
    told: str
    summary: Summary | None

    @property
    def wrong(self) -> set[str]:
        """What was missed beside the promise of each journey, which a busy machine may break too."""
        return {metric for metric in self.missed if not metric.startswith("journey_")}


async def drive(script: Path | str, host: str, **settings: object) -> Driven:
    path = script if isinstance(script, Path) else ROOT / "loadtests" / f"{script}.js"
    with TemporaryDirectory(prefix="k6-") as folder:
        summary = Path(folder) / "summary.json"
        variables = {"HOST": host, "SUMMARY": summary, **settings}
        given = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
        process = await asyncio.create_subprocess_exec(
            VENV / "bin" / "k6", "run", "--quiet", "--no-color", "--no-usage-report", "--address", "", *given, path,
            env=environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(60):
                told, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        figures = read(summary, load_spec().journeys) if summary.exists() else None
    limits = figures.limits if figures else ()
    missed = frozenset(limit.metric for limit in limits if not limit.met)
    return Driven(process.returncode, missed, told.decode(), figures)
