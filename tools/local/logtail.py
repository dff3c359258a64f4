"""The log file of one child process: its warnings as they come, its last lines when it has died."""

import json
import re
from pathlib import Path

from tools.console import say

WARNINGS = re.compile(r'"level": ?"(warning|error|critical)"|\b(WARNING|ERROR|CRITICAL|FATAL|PANIC)\b', re.IGNORECASE)
AT_ONCE = 10  # lines shown in one look, so that a flood of warnings does not bury the terminal
LAST_LINES = 20


class LogTail:
    """Reads what is appended to the file from now on."""

    def __init__(self, name: str, path: Path, *, warnings: re.Pattern[str] = WARNINGS) -> None:
        self.name = name
        self.path = path
        self._warnings = warnings
        self._start = self._at = path.stat().st_size if path.exists() else 0

    def show_warnings(self) -> None:
        lines = [line for line in self._new_lines() if self._warnings.search(line)]
        for line in lines[:AT_ONCE]:
            say(f"{self.name}: {_readable(line)}")
        if len(lines) > AT_ONCE:
            say(f"{self.name}: and {len(lines) - AT_ONCE} more in {self.path}")

    def show_last_lines(self) -> None:
        for line in self._read(self._start).splitlines()[-LAST_LINES:]:
            say(f"{self.name}: {_readable(line)}")

    def last_line(self) -> str:
        return next(reversed(self._read(self._start).splitlines()), "")

    def _new_lines(self) -> list[str]:
        """Whole lines only: a line that is still being written is left for the next time."""
        text = self._read(self._at)
        end = text.rfind("\n") + 1
        self._at += len(text[:end].encode())
        return text[:end].splitlines()

    def _read(self, start: int) -> str:
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read().decode(errors="surrogateescape")


def _readable(line: str) -> str:
    """Of a JSON log line what a person reads first: level, message and error."""
    try:
        record = json.loads(line)
        parts = (record.get(key) for key in ("level", "message", "event", "error", "exception"))
    except (ValueError, AttributeError):
        return line.rstrip()
    return " ".join(str(part) for part in parts if part) or line.rstrip()
