"""What a visitor's browser has to load before the first page works, and how soon an event's page is there."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.bench.results import Row, Target
from tools.bench.site import open_shop
from tools.console import Failure, step
from tools.programs.postgres import Server
from tools.setup import FRONTEND, environment

_SIZE = re.compile(r"first-load JavaScript: ([0-9.]+) kB")
_VISITS = 20
_SECONDS = Target(1.2, "s", at_most=True)


def weigh() -> list[Row]:
    """One row: the first load's JavaScript, gzipped, as the front end's own script weighs it."""
    output = _script("size", {})
    size = _SIZE.search(output)
    if size is None:
        raise Failure(f"the front end cannot be weighed: {output.strip()}")
    return [Row.of("first-load JavaScript, gzip", Target(110, "kB", at_most=True), [float(size[1])])]


def paint(server: Server, database: str, directory: Path, rounds: int) -> list[Row]:
    """One row: p95 of the largest contentful paint of an event's page, each visit by a browser that was never here."""
    found = []
    with open_shop(server, database, directory / "page", more={"STATIC_DIR": str(FRONTEND / "dist")}) as site:
        event = site.stock.value("SELECT min(id) FROM event")
        url = f"http://127.0.0.1:{site.port}/events/{event}"
        for number in range(1, rounds + 1):
            visits = json.loads(_script("paint", {"PAGE_URL": url, "VISITS": str(_VISITS)}).splitlines()[-1])
            ordered = sorted(visits)
            found.append(ordered[int(0.95 * len(ordered))])
            step(f"  round {number} of {rounds}: {len(ordered)} visits, LCP {ordered[0]:.2f} to {ordered[-1]:.2f} s")
    return [Row.of("LCP p95 of an event's page", _SECONDS, found)]


def _script(name: str, variables: Mapping[str, str]) -> str:
    """What one of the front end's scripts says."""
    if not (FRONTEND / "dist" / "index.html").exists():
        raise Failure("the front end is not built: run `make build`")
    command = ["node", f"scripts/{name}.ts"]
    env = {**environment(), **variables}
    run = subprocess.run(command, cwd=FRONTEND, env=env, capture_output=True, text=True, check=False)
    if run.returncode != 0 and not run.stdout:  # a size beyond its budget is an error of the script, and a figure
        raise Failure(
            f"frontend/scripts/{name}.ts failed: {(run.stderr.strip() or 'it says nothing').splitlines()[-1]}"
        )
    return run.stdout
