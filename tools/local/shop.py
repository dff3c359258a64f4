"""What a local shop consists of: its processes, their settings and the addresses they answer at."""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.telemetry.promise_faults import PromiseError
from slo.spec import load_spec
from tools.console import Failure
from tools.local import data_dir as kept
from tools.local.ports import Ports
from tools.programs import prometheus
from tools.setup import FRONTEND, VENV

Command = list[str | Path]


@dataclass(frozen=True)
class Part:
    """One process of the shop; `probe` answers 200 once it is ready."""

    name: str
    command: Command
    env: Mapping[str, str]
    probe: str = ""
    seconds_to_stop: float = 10.0


@dataclass(frozen=True)
class Shop:
    """A shop on these ports, with its data in this directory. prometheus: the program that watches it, if any.

    changing: its backend starts again when its code changes, and Vite serves the page as it is being written.
    """

    ports: Ports
    data_dir: Path
    database_url: str
    prometheus: Path | None = None
    changing: bool = False

    @property
    def url(self) -> str:
        """Where people open it."""
        return f"http://localhost:{self.ports.page if self.changing else self.ports.shop}"

    def backend(self, command: str) -> Command:
        return [sys.executable, "-m", "backend", command]

    def process(self, name: str, command: str) -> Command:
        """What serves until it is stopped."""
        if not self.changing:
            return self.backend(command)
        return [sys.executable, "-m", "tools.local.reload", self.data_dir / "logs" / f"{name}.log", command]

    def settings(self) -> dict[str, str]:
        """The environment of every backend process: what makes it this shop, and any other setting from our own."""
        return {
            **kept.local_secrets(self.data_dir),
            "PAYMENT_PROVIDER": "test",
            "PUBLIC_URL": self.url,
            **os.environ,
            "ENVIRONMENT": "local",
            "HOST": "127.0.0.1",
            "PORT": str(self.ports.shop),
            "METRICS_PORT": str(self.ports.metrics),
            "DATABASE_URL": self.database_url,
            "WEBHOOK_BASE_URL": f"http://127.0.0.1:{self.ports.shop}",
            "PSP_URL": f"http://127.0.0.1:{self.ports.psp}",
            "PSP_PUBLIC_URL": f"http://localhost:{self.ports.psp}",
            "PSP_PORT": str(self.ports.psp),
            "PSP_JOURNAL": str(self.data_dir / "psp.jsonl"),
            "MAILBOX_DIR": str(self.data_dir / "mailbox"),
            "STATIC_DIR": "" if self.changing else str(FRONTEND / "dist"),
            **({"PROMETHEUS_URL": f"http://127.0.0.1:{self.ports.prometheus}"} if self.prometheus else {}),
        }

    def tasks(self) -> list[Part]:
        """What runs to its end before the shop starts."""
        settings = self.settings()
        return [Part(command, self.backend(command), settings) for command in ("migrate", "seed")]

    def parts(self) -> list[Part]:
        """In the order they are started; they are stopped the other way round."""
        settings = self.settings()
        worker = {**settings, "METRICS_PORT": str(self.ports.worker_metrics)}
        local = "http://127.0.0.1"
        return [
            *self._prometheus(),
            Part("psp", self.process("psp", "psp"), settings, f"{local}:{self.ports.psp}/pay/style.css"),
            Part("worker", self.process("worker", "worker"), worker, f"{local}:{self.ports.worker_metrics}/metrics"),
            Part("api", self.process("api", "serve"), settings, f"{local}:{self.ports.shop}/readiness", 15.0),
            *([self._vite()] if self.changing else []),
        ]

    def _vite(self) -> Part:
        where = ["--port", str(self.ports.page), "--strictPort", "--host", "127.0.0.1", "--clearScreen", "false"]
        command: Command = [
            VENV / "bin" / "node",
            FRONTEND / "node_modules" / "vite" / "bin" / "vite.js",
            FRONTEND,
            *where,
        ]
        env = {**os.environ, "SHOP_URL": f"http://127.0.0.1:{self.ports.shop}"}
        return Part("page", command, env, f"http://127.0.0.1:{self.ports.page}/")

    def _prometheus(self) -> list[Part]:
        if self.prometheus is None:
            return []
        try:
            spec = load_spec()
        except PromiseError as error:
            raise Failure(str(error)) from None
        directory = self.data_dir / "prometheus"
        itself = {"prometheus": self.ports.prometheus}  # an alert and a dashboard ask how it does
        jobs = {"backend": self.ports.metrics, "worker": self.ports.worker_metrics, **itself}
        config = prometheus.config(directory, jobs, spec)
        port = self.ports.prometheus
        command = prometheus.command(self.prometheus, config, directory / "data", port, spec.prometheus.retention)
        return [Part("prometheus", command, os.environ, f"http://127.0.0.1:{port}/-/ready")]

    def facts(self) -> dict[str, str | int]:
        """Where things are, for programs."""
        return {
            "url": self.url,
            "metrics_url": f"http://localhost:{self.ports.metrics}/metrics",
            "worker_metrics_url": f"http://localhost:{self.ports.worker_metrics}/metrics",
            "psp_url": f"http://localhost:{self.ports.psp}",
            **({"prometheus_url": f"http://localhost:{self.ports.prometheus}"} if self.prometheus else {}),
            "database_url": self.database_url,
            "data_dir": str(self.data_dir),
            "mailbox": str(self.data_dir / "mailbox"),
            "pid": os.getpid(),
        }

    def addresses(self) -> str:
        """Where things are, for people, one to a line."""
        facts = self.facts()
        password = re.compile(r"(//[^/:@]*):[^@]*@")
        lines = {
            "Shop": self.url,
            "Status": f"{self.url}/status",
            "API docs": f"{self.url}/api/docs",
            "Payment provider": facts["psp_url"],
            "Metrics": f"{facts['metrics_url']}, worker: {facts['worker_metrics_url']}",
            "Prometheus": facts.get("prometheus_url", prometheus.MISSING),
            "Mailbox": f"{facts['mailbox']} (the e-mails that would be sent)",
            "Logs": self.data_dir / "logs",
            "Database": password.sub(r"\1:***@", self.database_url),
        }
        return "\n".join(f"  {name:<18}{value}" for name, value in lines.items())
