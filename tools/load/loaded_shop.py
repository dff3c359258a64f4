"""The shop that is loaded: one that HOST names, or one of our own for as long as the test takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools.console import Failure, step
from tools.local.data_dir import local_secrets
from tools.local.running import running_shop
from tools.setup import ROOT

EVENTS = ROOT / "loadtests" / "events.yaml"
_SECONDS = 10.0
# In a queue the last tickets wait for the admissions of those who went away.
SETTINGS = {"LOG_SAMPLE": "0.01", "ADMISSION_SECONDS": "30"}


@dataclass(frozen=True)
class LoadedShop:
    """metrics, workers: the metrics ports of its processes, as far as they can be reached.

    prometheus: who watches it, or "".
    """

    url: str
    metrics: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    prometheus: str = ""
    own: bool = False


@contextmanager
def opened(variables: Mapping[str, str] = os.environ) -> Iterator[LoadedShop]:
    """The shop at HOST, or without it one of our own, with what the tests buy on sale.

    METRICS: the addresses of the metrics ports of HOST's backends, with commas. PROMETHEUS: the one that watches it.
    """
    host = variables.get("HOST", "")
    if not host:
        with _own() as shop:
            yield shop
        return
    url = _answering(address(host))
    metrics = tuple(each.strip() for each in variables.get("METRICS", "").split(",") if each.strip())
    yield LoadedShop(url, metrics, prometheus=variables.get("PROMETHEUS", ""))


def demand_metrics(variables: Mapping[str, str]) -> None:
    """Failure when nobody could say how much memory the shop has: better before hours of a test than after them."""
    if variables.get("HOST") and not (variables.get("METRICS") or variables.get("PROMETHEUS")):
        raise Failure("the memory of HOST is to be judged: name its METRICS ports, or a PROMETHEUS that watches it")


@contextmanager
def _own() -> Iterator[LoadedShop]:
    """Limits are off, as in `make up`; its log is that of production."""
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="load-", dir=ROOT / "build") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as a user of its own when we are root
        step("starting a shop of its own")
        with running_shop(Path(folder) / "shop", {**SETTINGS, "HOST": ""}) as shop:
            _publish(shop["database_url"], Path(shop["data_dir"]))
            metrics, workers = (shop["metrics_url"],), (shop["worker_metrics_url"],)
            yield LoadedShop(shop["url"], metrics, workers, shop.get("prometheus_url", ""), own=True)


def _publish(database_url: str, data_dir: Path) -> None:
    command = [sys.executable, "-m", "backend", "events", "apply", str(EVENTS)]
    variables = {**os.environ, **local_secrets(data_dir), "DATABASE_URL": database_url, "HOST": ""}
    published = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    if published.returncode != 0:
        raise Failure(f"{EVENTS.name} cannot be published: {published.stderr.strip()}")


def address(host: str) -> str:
    """It without a slash at its end; a Failure unless it is the address of something."""
    parts = urlsplit(host)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Failure(f"HOST is {host!r}: expected the address of a shop such as http://localhost:8080")
    return host.rstrip("/")


def _answering(url: str) -> str:
    """The same address; a Failure unless a shop answers there."""
    try:
        with urllib.request.urlopen(f"{url}/api/events", timeout=_SECONDS) as answer:
            json.load(answer)["events"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failure(f"HOST is {url!r}, and no shop answers there: {error!s:.200}") from None
    return url
