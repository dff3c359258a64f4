"""The intents over a restart: a file of JSON lines, the last line of an intent counts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson

from backend.psp.intents import Intent, from_record, to_record
from backend.psp.ledger import KEPT_INTENTS

_PRIVATE = 0o600  # it holds the keys of pay pages


class Journal:
    """Appends without waiting for the disk: this provider moves no money, a power cut may cost it the last lines."""

    def __init__(self, path: Path) -> None:
        """Read what is there, keep the newest state of each intent and go on from that.

        OSError when the file cannot be used, ValueError when it is something else.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self.intents = _read(path)
        self._file = _rewritten(path, self.intents)

    def keep(self, intent: Intent) -> None:
        """Write its state down."""
        os.write(self._file, _line(intent))

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def _line(intent: Intent) -> bytes:
    return orjson.dumps(to_record(intent), option=orjson.OPT_APPEND_NEWLINE)


def _read(path: Path) -> list[Intent]:
    if not path.exists():
        return []
    newest: dict[str, dict[str, Any]] = {}
    try:
        with path.open("rb") as lines:
            for line in lines:
                # The last line may have been cut off in the middle.
                if line.endswith(b"\n"):
                    record = orjson.loads(line)
                    newest[record["id"]] = record
        return [from_record(record) for record in list(newest.values())[-KEPT_INTENTS:]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a journal of the test payment provider ({error}); move it away") from None


def _rewritten(path: Path, intents: list[Intent]) -> int:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(_PRIVATE)
    fresh.write_bytes(b"".join(map(_line, intents)))
    fresh.replace(path)
    return os.open(path, os.O_WRONLY | os.O_APPEND)
