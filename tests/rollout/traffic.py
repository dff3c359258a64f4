"""Customers, by k6."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.shop import ROOT
from tools.setup import VENV, environment

K6 = VENV / "bin" / "k6"
SCRIPT = Path(__file__).with_name("traffic.js")
REQUESTS_OF_A_CUSTOMER = 4


@dataclass(frozen=True)
class Failure:
    """began, ended: seconds since 1970. status: 0 when there was no answer. retry_after: the header, or None."""

    began: float
    ended: float
    request: str
    status: int
    error: str
    retry_after: str | None


@dataclass(frozen=True)
class Traffic:
    requests: int
    dropped: int  # customers who should have come and for whom k6 had nobody
    failures: list[Failure]

    @property
    def kinds(self) -> Counter[tuple[int, str]]:
        return Counter((failure.status, failure.error) for failure in self.failures)


async def customers(folder: Path, url: str, event: int, *, rate: float, seconds: float) -> Traffic:
    """Let so many requests a second come for so long."""
    settings = {
        "URL": url,
        "EVENT": event,
        "RATE": max(1, round(rate / REQUESTS_OF_A_CUSTOMER)),
        "SECONDS": round(seconds),
    }
    summary, console = folder / "summary.json", folder / "console.txt"
    variables = [part for name, value in settings.items() for part in ("--env", f"{name}={value}")]
    outputs: list[str | Path] = ["--summary-export", summary, "--console-output", console, "--log-format", "raw"]
    process = await asyncio.create_subprocess_exec(
        K6, "run", "--quiet", "--no-usage-report", "--address", "", *outputs, *variables, SCRIPT,
        cwd=ROOT, env=environment(), stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        await asyncio.wait_for(process.wait(), seconds + 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    metrics: dict[str, dict[str, Any]] = json.loads(summary.read_text())["metrics"]
    lines = console.read_text().splitlines() if console.exists() else []
    dropped = metrics.get("dropped_iterations", {"count": 0})["count"]
    return Traffic(int(metrics["http_reqs"]["count"]), int(dropped), [_failure(json.loads(line)) for line in lines])


def _failure(line: dict[str, Any]) -> Failure:
    return Failure(
        began=line["began"] / 1000,
        ended=line["ended"] / 1000,
        request=line["request"],
        status=line["status"],
        error=line["error"],
        retry_after=line["retryAfter"],
    )
