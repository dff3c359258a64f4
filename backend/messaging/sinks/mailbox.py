"""Mail into a folder, one file a letter, for whoever runs the shop without a mail server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from backend.messaging.events import Failure

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class Mailbox:
    """Writes .eml files, which mail programs open. A letter sent again replaces its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, letters: Sequence[EmailMessage]) -> Sequence[Failure | None]:
        """Write in a thread, as a disk may take its time."""
        return await asyncio.to_thread(lambda: [self._write(letter) for letter in letters])

    async def close(self) -> None:
        """Nothing is kept open."""

    def _write(self, letter: EmailMessage) -> Failure | None:
        file = self._folder / f"{_file_name(letter['Message-ID'])}.eml"
        unfinished = file.with_suffix(".part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(letter.as_bytes(policy=SMTP))
            unfinished.replace(file)
        except OSError as error:
            return Failure(f"cannot write {file}: {error.strerror}")
        return None


def _file_name(message_id: str) -> str:
    """The part of `<17.order-paid@tickets.example.com>` before the @, as far as a file's name can hold it."""
    return _UNSAFE.sub("_", message_id.strip("<>").partition("@")[0])[:150]
