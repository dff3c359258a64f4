"""What a visitor's browser has to load before the first page works."""

from __future__ import annotations

import re
import subprocess

from tools.bench.results import Row, Target
from tools.console import Failure
from tools.setup import FRONTEND, environment

_SIZE = re.compile(r"first-load JavaScript: ([0-9.]+) kB")


def weigh() -> list[Row]:
    """One row: the first load's JavaScript, gzipped, as the front end's own script weighs it."""
    if not (FRONTEND / "dist" / "index.html").exists():
        raise Failure("the front end is not built: run `make build`")
    run = subprocess.run(
        ["npm", "run", "--silent", "size"], cwd=FRONTEND, env=environment(), capture_output=True, text=True, check=False
    )
    size = _SIZE.search(run.stdout)
    if size is None:
        raise Failure(f"the front end cannot be weighed: {(run.stderr or run.stdout).strip()}")
    return [Row.of("first-load JavaScript, gzip", Target(110, "kB", at_most=True), [float(size[1])])]
