"""How much CPU each process has used, from /proc."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _TIMES = 1, slice(11, 15)  # of the fields after the name: parent, then user, system, and those of children
_PAGE = os.sysconf("SC_PAGE_SIZE")

Used = Mapping[str, float]
"""CPU seconds by the name of a process."""


def used_by(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds that each of these processes has used so far, with all its children, those that ended included."""
    children: dict[int, list[list[str]]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):  # it has just ended, and its parent has its figures
                fields = _fields(int(entry.name))
                children.setdefault(int(fields[_PARENT]), []).append(fields)
    return {name: _of(_fields(pid)) + sum(map(_of, children.get(pid, []))) for name, pid in pids.items()}


def cost(before: Used, after: Used) -> dict[str, float]:
    """What each process has used in between."""
    return {name: after[name] - before[name] for name in before}


def resident_bytes(pid: int) -> int:
    """Memory that the process has now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def _fields(pid: int) -> list[str]:
    """What /proc says of the process, from its state on: the name before it may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _of(fields: list[str]) -> float:
    return sum(map(int, fields[_TIMES])) / _TICKS
