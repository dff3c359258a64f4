"""What the cluster asks a pod is what its process answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from backend.app import api_routes
from backend.psp import api, pages
from backend.telemetry.metrics import Metrics, metrics_app
from backend.telemetry.promise import load_promise
from backend.web.health import Health
from backend.worker import worker_app
from cdk.settings.rollout import DEADLINE
from ticketing.checks.objects import Body, Objects, called
from ticketing.inputs import Inputs

_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_NGINX = Path(__file__).parents[3] / "frontend" / "nginx.conf"
_WORKS_WITH_DATA = {"serve", "worker"}
_LEAST_SECONDS_READY = 5
_LEAST_PATIENCE = 30  # seconds: less would end a process that is only busy
_A_SECOND = 1  # the cluster's own choice


def probes(objects: Objects, inputs: Inputs) -> Iterator[str]:
    """Each probe asks for an address that there is, readiness for the one that knows the database's schema."""
    for deployment in objects.of("Deployment"):
        for container in deployment["spec"]["template"]["spec"]["containers"]:
            for probe in _PROBES:
                yield from _known(deployment, container, probe, inputs)
            yield from _meant(deployment, container)
        if deployment["spec"].get("minReadySeconds", 0) < _LEAST_SECONDS_READY:
            yield f"{called(deployment)}: a pod counts as there before it has been ready for {_LEAST_SECONDS_READY} s"


def _known(deployment: Body, container: Body, probe: str, inputs: Inputs) -> Iterator[str]:
    asked = container.get(probe, {}).get("httpGet")
    if asked is None:
        return
    if (timeout := container[probe].get("timeoutSeconds", _A_SECOND)) < DEADLINE:
        yield f"{called(deployment)}: its {probe} waits {timeout} s, and any answer may take {DEADLINE} s"
    known = _answered(container, asked["port"], inputs)
    if asked["path"] not in known:
        yield f"{called(deployment)}: its {probe} asks for {asked['path']}, which nothing answers at {asked['port']}"


def _meant(deployment: Body, container: Body) -> Iterator[str]:
    ready = container.get("readinessProbe", {}).get("httpGet", {}).get("path")
    if _command(container) in _WORKS_WITH_DATA and ready != "/readiness":
        yield f"{called(deployment)}: {ready} does not say whether it can work with the database, /readiness does"
    alive = container.get("livenessProbe")
    if alive and alive["periodSeconds"] * alive["failureThreshold"] < _LEAST_PATIENCE:
        yield f"{called(deployment)}: is ended when it is only busy, before {_LEAST_PATIENCE} s without an answer"


def _answered(container: Body, port: str, inputs: Inputs) -> set[str]:
    """Paths that the container's process answers with 200 at this port."""
    if container["image"] == inputs.images["frontend"]:
        return _of_nginx()
    match _command(container), port:
        case "serve", "http":
            promise = load_promise()
            routes = api_routes(Metrics(promise), promise, Health())
            return {route.path for route in routes if route.method == "GET"}
        case "serve", "metrics":
            return _paths(metrics_app(Metrics(load_promise()).registry))
        case "worker", "metrics":
            return _paths(worker_app(Metrics(load_promise()), Health()))
        case "psp", "http":
            return {route.path for route in (*api.routes(), *pages.routes()) if route.method == "GET"}
    return set()


def _command(container: Body) -> str:
    return str(container.get("args", [""])[0])


def _paths(app: web.Application) -> set[str]:
    return {resource.canonical for resource in app.router.resources()}


def _of_nginx() -> set[str]:
    """The page itself, and what is there to be asked by probes: `location ~ ^/(one|other)$`."""
    found = re.search(r"location ~ \^/\(([\w|]+)\)\$", _NGINX.read_text(encoding="utf-8"))
    return {"/", *(f"/{name}" for name in found[1].split("|"))} if found else {"/"}
