"""Pods of the backend as the cluster replaces them: a new one first, the old one told to go by the same clock."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from cdk.names import PRODUCT
from cdk.settings.rollout import PROPAGATION
from tests.rollout.balancer import LoadBalancer
from tests.rollout.health import HealthChecks, check
from tests.shop import ROOT, free_ports
from tools.processes import Process, Start, start, stop

_START_SECONDS = 60.0
_BEGIN_SECONDS = 5.0  # until a process answers its first health check, on a machine that is busy with customers


@dataclass(frozen=True, kw_only=True)
class Times:
    """In seconds. propagation: from a pod's end being wished until no request is sent to it, at the latest."""

    pre_stop: float
    drain: float
    grace: float
    idle: float
    deregistration: float
    checks: HealthChecks
    propagation: float = PROPAGATION

    @classmethod
    def of(cls, environment: str) -> Times:
        """As the manifests of dev or prod have them, synthesized anew."""
        objects = _manifests(environment)
        pod = objects["Deployment", "backend"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        (drain,) = [each["value"] for each in container["env"] if each["name"] == "DRAIN_SECONDS"]
        annotations = objects["Ingress", PRODUCT]["metadata"]["annotations"]
        balancer = {name.partition("/")[2]: value for name, value in annotations.items()}
        (idle,) = re.findall(r"idle_timeout.timeout_seconds=(\d+)", balancer["load-balancer-attributes"])
        (delay,) = re.findall(r"deregistration_delay.timeout_seconds=(\d+)", balancer["target-group-attributes"])
        return cls(
            pre_stop=float(container["lifecycle"]["preStop"]["sleep"]["seconds"]),
            drain=float(drain),
            grace=float(pod["terminationGracePeriodSeconds"]),
            idle=float(idle),
            deregistration=float(delay),
            checks=HealthChecks(
                interval=float(balancer["healthcheck-interval-seconds"]),
                timeout=float(balancer["healthcheck-timeout-seconds"]),
                healthy=int(balancer["healthy-threshold-count"]),
                unhealthy=int(balancer["unhealthy-threshold-count"]),
            ),
        )

    @property
    def of_a_rollout(self) -> float:
        """How long it takes to replace two pods: the second new one starts when the first old one begins to go."""
        of_a_start = _BEGIN_SECONDS + (self.checks.healthy - 1) * self.checks.interval  # the first check is at once
        return 2 * of_a_start + self.pre_stop + self.drain + 2


def _manifests(environment: str) -> dict[tuple[str, str], Any]:
    """Each object of the backend and of the way to it, by kind and name."""
    with TemporaryDirectory(prefix="manifests-") as folder:
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "CDK8S_OUTDIR": folder}
        command = [sys.executable, "main.py", environment]
        subprocess.run(command, cwd=ROOT / "cdk8s", env=variables, capture_output=True, check=True)
        paths = [next(Path(folder).glob(f"*-{chart}.k8s.yaml")) for chart in ("backend", "edge")]
        texts = [path.read_text(encoding="utf-8") for path in paths]
    bodies = [body for text in texts for body in yaml.safe_load_all(text)]
    return {(body["kind"], body["metadata"]["name"]): body for body in bodies}


class Pods:
    """Up to four: two that are there and two that take their places."""

    def __init__(self, folder: Path, variables: Mapping[str, str], times: Times) -> None:
        self._folder = folder
        self._variables = variables
        self._times = times
        self._processes: dict[int, Process] = {}
        self._checks: dict[int, asyncio.Task[None]] = {}
        self.ports = free_ports(4)

    async def start(self, number: int, balancer: LoadBalancer, *, enough: int | None = None) -> None:
        """Start one; it gets requests once so many of the load balancer's health checks have passed, or all of them."""
        (metrics,) = free_ports(1)
        env = {
            **os.environ,
            **self._variables,
            "PORT": str(self.ports[number]),
            "METRICS_PORT": str(metrics),
            "DRAIN_SECONDS": str(self._times.drain),
        }
        command = [sys.executable, "-m", "backend", "serve"]
        how = Start(command, log=self._folder / f"pod{number}.log", cwd=ROOT, env=env)
        self._processes[number] = await asyncio.to_thread(start, how)
        found = asyncio.Event()
        checks, port = self._times.checks, self.ports[number]
        checking = check(checks, balancer, number, port, found=found, enough=enough or checks.healthy)
        self._checks[number] = asyncio.create_task(checking)
        try:
            await asyncio.wait_for(found.wait(), _START_SECONDS)
        except TimeoutError:
            raise AssertionError((self._folder / f"pod{number}.log").read_text()[-2000:]) from None

    async def end(self, number: int, balancer: LoadBalancer) -> None:
        """Have it go as the cluster does: it serves on through its sleep, is told to stop, and must be gone in time."""
        await asyncio.gather(self._forget(number, balancer), self._terminate(number))

    def stop(self) -> None:
        for checking in self._checks.values():
            checking.cancel()
        for process in self._processes.values():
            stop(process)

    async def _forget(self, number: int, balancer: LoadBalancer) -> None:
        await asyncio.sleep(self._times.propagation)
        self._checks[number].cancel()
        balancer.deregister(number)

    async def _terminate(self, number: int) -> None:
        process = self._processes[number]
        await asyncio.sleep(self._times.pre_stop)
        process.send_signal(signal.SIGTERM)
        # The cluster ends it after its grace; the load balancer cuts off what it still waits for after its own delay.
        patience = min(self._times.grace, self._times.propagation + self._times.deregistration)
        give_up = time.monotonic() + patience - self._times.pre_stop
        while process.poll() is None:
            assert time.monotonic() < give_up, "the pod does not go in time: it would be killed, or cut off"
            await asyncio.sleep(0.1)
        assert process.returncode == 0
