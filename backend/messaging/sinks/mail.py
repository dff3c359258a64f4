"""Domain events as letters: somebody composes them, a transport carries them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from email.message import EmailMessage
from typing import Protocol

from backend.messaging.events import Failure, OutboxEvent, Outcome

# What to send for an event; None: nothing, a Failure: it cannot be written (now, or ever).
Compose = Callable[[OutboxEvent], Awaitable[EmailMessage | Failure | None]]

_log = logging.getLogger(__name__)


class Transport(Protocol):
    """Carries letters. They have From, To and a Message-ID, which stays the same when one is sent again."""

    async def send(self, letters: Sequence[EmailMessage]) -> Sequence[Failure | None]:
        """Why each letter was not sent; None for those that were."""

    async def close(self) -> None:
        """Let go of what sending needed."""


class MailSink:
    """Sends a letter for each event that has one. A repeated event sends the same letter with the same Message-ID."""

    name = "mail"
    needs_address = True
    # A transport gives up on a letter after 5 s, so even a slow server has answered for all of them in time.
    batch = 8
    concurrency = 2
    timeout = 60.0

    def __init__(self, wants: frozenset[str], compose: Compose, transport: Transport) -> None:
        self.wants = wants
        self._compose = compose
        self._transport = transport

    async def deliver(self, events: Sequence[OutboxEvent]) -> Sequence[Outcome]:
        """Compose one after the other, then send what there is together."""
        written = [await self._write(event) for event in events]
        letters = [letter for letter in written if isinstance(letter, EmailMessage)]
        answers = iter(await self._transport.send(letters) if letters else ())
        return [_outcome(next(answers) or "relayed" if isinstance(it, EmailMessage) else it) for it in written]

    async def _write(self, event: OutboxEvent) -> EmailMessage | Failure | None:
        try:
            return await self._compose(event)
        except Exception as error:  # noqa: BLE001 - one letter's trouble must not hold up the others
            _log.warning("composing the mail for event %d (%s) failed", event.id, event.type, exc_info=error)
            return Failure(f"composing failed: {type(error).__name__}: {error}")


def _outcome(found: Outcome | None) -> Outcome:
    return "skipped" if found is None else found
