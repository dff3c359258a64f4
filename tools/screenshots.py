"""Takes the pictures in docs/screenshots with the front end's script, from a fresh shop of its own."""

import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from slo.spec import load_spec
from tools import console
from tools.console import Failure, step
from tools.local.backfill import remember_an_evening
from tools.local.running import running_shop
from tools.setup import FRONTEND, environment


def main(_arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="aegis-pictures-") as directory:
        data = Path(directory) / "data"
        with suppress(LookupError):  # without Prometheus the status says so, on its picture as well
            remember_an_evening(load_spec(), data / "prometheus" / "data")
        step("starting a shop to photograph")
        with running_shop(data) as shop:
            env = {**environment(), "BASE_URL": shop["url"]}
            taken = subprocess.run(["npm", "run", "screenshots"], cwd=FRONTEND, env=env, check=False)
    if taken.returncode != 0:
        raise Failure("the pictures could not be taken: see the output above")
    return 0


if __name__ == "__main__":
    console.run(main)
