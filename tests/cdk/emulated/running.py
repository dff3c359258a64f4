"""Runs the emulated AWS, and the CDK's own command line against it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cdk.settings import Environment
from tests.cdk.emulated import stored
from tests.cdk.emulated.api import Place
from tools import processes
from tools.setup import ROOT, VENV
from tools.setup import environment as with_our_programs

START_SECONDS = 60.0
CDK_SECONDS = 300.0


@dataclass(frozen=True)
class Run:
    """What a command has said, and whether it went well (0)."""

    status: int
    output: str


@dataclass(frozen=True)
class Aws:
    """An account, empty but for a hosted zone. steps: what has been done in it, and how many seconds that took."""

    place: Place
    folder: Path
    steps: list[tuple[str, float]] = field(default_factory=list)

    def cdk(self, step: str, *arguments: str | Path) -> Run:
        """Run `cdk` with these arguments."""
        began = time.monotonic()
        run = subprocess.run(
            ["cdk", *arguments, "--ci", "--no-notices"],
            cwd=self.folder,  # where no cdk.json says anything else
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=CDK_SECONDS,
            text=True,
            check=False,
        )
        self.steps.append((step, time.monotonic() - began))
        return Run(run.returncode, run.stdout)

    def deploy(self, step: str, assembly: Path, *some: str) -> Run:
        """Stacks of an environment, as synthesized: some, with further arguments, or all, with their outputs written.

        A change set, the CDK's usual way, would say nothing of outputs here.
        """
        which = some or ("--all", "--outputs-file", self.folder / f"{assembly.name}.outputs.json")
        return self.cdk(step, "deploy", *which, "--app", assembly, "--require-approval", "never", "--method", "direct")

    def destroy(self, step: str, assembly: Path) -> Run:
        return self.cdk(step, "destroy", "--all", "--force", "--app", assembly)

    def outputs(self, assembly: Path) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads((self.folder / f"{assembly.name}.outputs.json").read_text())
        return found

    def stored(self, env: str, resource_type: str) -> list[dict[str, Any]]:
        """Properties of an environment's resources that only the store keeps."""
        return [
            each["properties"]
            for each in stored.everything(self.place.store)
            if each["type"] == resource_type and f"/tickets-{env}-" in each["stack"]
        ]

    def _environment(self) -> Mapping[str, str]:
        return {
            **with_our_programs(),
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": self.place.address,
            # By number, so that a bucket is a path and not a name before this one, which most machines cannot resolve.
            "AWS_ENDPOINT_URL_S3": self.place.address.replace("localhost", "127.0.0.1"),
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_REGION": self.place.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }


@contextmanager
def emulated_aws(env: Environment, folder: Path) -> Iterator[Aws]:
    """The account and region of this environment; what it writes goes into the folder."""
    store = folder / "store"
    store.mkdir(parents=True)
    log = folder / "server.log"
    began = time.monotonic()
    command: list[str | Path] = [sys.executable, "-m", "tests.cdk.emulated.server", env.name, store]
    process = processes.start(processes.Start(command, log=log, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}))
    try:
        place = Place(f"http://localhost:{_port(process, log)}", store, env.account, env.region)
        yield Aws(place, folder, [("start", time.monotonic() - began)])
    finally:
        processes.stop(process)


def require_cdk() -> None:
    """AssertionError unless the command line is installed."""
    assert (VENV / "bin" / "cdk").exists(), "the CDK's command line is not installed: run `make synth` once"


def _port(process: processes.Process, log: Path) -> int:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        found = re.search(r"^(\d+)\n", log.read_text(), re.MULTILINE)
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise AssertionError(f"the emulated AWS did not start:\n{log.read_text()}")
