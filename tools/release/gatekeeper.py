"""Asks the gate of the error budgets before a protected environment is changed."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cdk.names import MONITORING
from slo.gate.findings import EXIT_CODES
from tools import processes
from tools.console import Failure, say
from tools.release.site import Site
from tools.setup import ROOT

_FORWARD_SECONDS = 30.0
_PASSES = (EXIT_CODES["allow"], EXIT_CODES["warn"])


def ask_gate(site: Site, caller: str, variables: Mapping[str, str]) -> None:
    """Failure unless the budgets allow the change, or nothing sells yet that could have spent any."""
    url = variables.get("PROMETHEUS_URL", "")
    if url:
        _ask(site, url, variables)
    elif _sells(site, caller):
        with _forwarded(site) as forwarded:
            _ask(site, forwarded, variables)
    else:
        say("  nothing sells there yet, so no budget can be spent")


def _ask(site: Site, url: str, variables: Mapping[str, str]) -> None:
    options = [("--change", variables.get("CHANGE", "")), ("--bootstrap", variables.get("BOOTSTRAP", ""))]
    given = [part for option in options if option[1] for part in option]
    code = site.commands.code("python", "-m", "slo", "gate", "--prometheus", url, *given)
    if code not in _PASSES:
        raise Failure(f"the gate answers {code}, see above: docs/error-budgets.md says what may go out now, and how")


def _sells(site: Site, caller: str) -> bool:
    if not site.has_cluster():
        return False
    site.reach_cluster(caller)
    backend = site.kubectl("get", "deployment", "backend", "--ignore-not-found", "--output", "name")
    return site.commands.ask(*backend, example="deployment.apps/backend") != ""


@contextmanager
def _forwarded(site: Site) -> Iterator[str]:
    """The address of the cluster's Prometheus on this machine."""
    command = site.kubectl("port-forward", f"service/{MONITORING}-prometheus", ":9090", namespace=MONITORING)
    say(f"  $ {' '.join(str(word).removeprefix(f'{ROOT}/') for word in command)} &")
    if site.commands.dry_run:
        yield "http://127.0.0.1:PORT"
        return
    log = ROOT / "build" / f"port-forward-{os.getpid()}.log"
    log.unlink(missing_ok=True)
    process = processes.start(processes.Start(command, log=log, env=site.commands.env))
    try:
        give_up = time.monotonic() + _FORWARD_SECONDS
        while (found := re.search(r"Forwarding from (127\.0\.0\.1:\d+)", log.read_text())) is None:
            if process.poll() is not None or time.monotonic() > give_up:
                raise Failure(f"Prometheus cannot be reached: {log.read_text().strip()[-300:]}")
            time.sleep(0.05)
        yield f"http://{found[1]}"
    finally:
        processes.stop(process)
        log.unlink(missing_ok=True)
