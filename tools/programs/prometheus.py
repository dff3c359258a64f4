"""Prometheus and promtool: from PATH, else from Debian's package."""

import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from slo.rules import document
from slo.series import duration
from slo.spec import Spec
from tools.programs import debian

MISSING = debian.missing("Prometheus", "prometheus")


def find(program: str = "prometheus") -> Path | None:
    """The program, fetched if need be, or None when it cannot be had on this machine."""
    return debian.find(program, "prometheus")


def config(directory: Path, targets: dict[str, int], spec: Spec) -> Path:
    """Write a configuration that scrapes these jobs (name: port) and evaluates the rules that follow from the spec."""
    directory.mkdir(parents=True, exist_ok=True)
    (rules,) = document.write(spec).values()  # what slo/out/rules.yaml holds, unless SLO_FILE names another promise
    (directory / "rules.yaml").write_text(rules)
    interval = duration(spec.prometheus.scrape_interval)
    lines = [f"global: {{scrape_interval: {interval}}}", "rule_files: [rules.yaml]", "scrape_configs:"]
    lines += [
        f"  - {{job_name: {name}, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}"
        for name, port in targets.items()
    ]
    path = directory / "prometheus.yml"
    path.write_text("\n".join(lines) + "\n")
    return path


def command(program: Path, config: Path, data: Path, port: int, retention: timedelta) -> list[str | Path]:
    """How it is started: reachable from this machine alone, and keeping its samples for so long."""
    return [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--storage.tsdb.retention.time={duration(retention)}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]


def write_past(data: Path, samples: Mapping[str, Iterable[tuple[float, float]]]) -> None:
    """Make blocks of a past in a Prometheus's data, before it starts. samples: by series, seconds since 1970 and value.

    LookupError when there is no promtool.
    """
    promtool = find("promtool")
    if promtool is None:
        raise LookupError(MISSING)
    lines = [f"{series} {value} {moment:.3f}" for series in sorted(samples) for moment, value in samples[series]]
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aegis-past-") as folder:
        text = Path(folder) / "past.txt"
        text.write_text("\n".join([*lines, "# EOF"]) + "\n")
        command: list[str | Path] = [promtool, "tsdb", "create-blocks-from", "openmetrics", text, data]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
