"""What can be wrong with slo.yaml, told by file, line and field."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from backend.yaml_file import Place, YamlFile


class PromiseError(Exception):
    """The promise and the service disagree, or slo.yaml says something that cannot be kept."""


class Fault(NamedTuple):
    """What is wrong, and at which place of slo.yaml."""

    place: Place
    what: str


def refusal(path: Path, faults: Iterable[Fault]) -> PromiseError:
    """A line for each: slo.yaml:31: objectives.latency.0.under: what is wrong with it."""
    file = YamlFile(path)
    return PromiseError(
        "\n".join(
            f"{path}:{file.line(fault.place)}: {'.'.join(map(str, fault.place)) or 'file'}: {fault.what}"
            for fault in faults
        )
    )
