"""Mail through an SMTP server."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import aiosmtplib

from backend.messaging.events import Failure

LETTER_SECONDS = 5.0

_REFUSALS = (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPNotSupported)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where letters are handed in, and how privately. start_tls None: when the server offers it."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    implicit_tls: bool = False
    start_tls: bool | None = None

    @classmethod
    def from_url(cls, url: str) -> SmtpServer:
        """smtp://user:pass@host:port speaks STARTTLS on 587, smtps:// TLS from the first byte on 465.

        Without a user, or to this machine itself, smtp:// does without TLS if the server has none. User and password
        are percent-encoded. ValueError says what is wrong, and never repeats the URL, which holds a password.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("expected smtp://user:pass@host:port or smtps://…, the port a number") from None
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("expected smtp://user:pass@host:port or smtps://…")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("expected nothing after the port; write / ? # @ : in user and password as %2F and so on")
        implicit = parts.scheme == "smtps"
        must_be_private = parts.username is not None and not _is_this_machine(parts.hostname)
        return cls(
            host=parts.hostname,
            port=port or (465 if implicit else 587),
            user=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
            implicit_tls=implicit,
            start_tls=False if implicit else (True if must_be_private else None),
        )


class SmtpTransport:
    """One connection for each round of letters. tls: whom to believe, by default the system's authorities."""

    def __init__(
        self, server: SmtpServer, *, tls: ssl.SSLContext | None = None, letter_seconds: float = LETTER_SECONDS
    ) -> None:
        self._server = server
        self._tls = tls or ssl.create_default_context()
        self._seconds = letter_seconds

    async def send(self, letters: Sequence[EmailMessage]) -> Sequence[Failure | None]:
        """Send one after the other; a server that goes away fails the letter it had and those after it."""
        client = self._client()
        answers: list[Failure | None] = []
        try:
            async with asyncio.timeout(self._seconds):
                await client.connect()
            for letter in letters:
                answer = await self._send_one(client, letter)
                answers.append(answer)
            async with asyncio.timeout(self._seconds):
                await client.quit()
        except (aiosmtplib.SMTPException, OSError) as error:
            gone = Failure(f"{self._server.host}: {_reason(error)}")
            answers += [gone] * (len(letters) - len(answers))
        finally:
            client.close()
        return answers

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _send_one(self, client: aiosmtplib.SMTP, letter: EmailMessage) -> Failure | None:
        """Why the server will not have this letter; raises when there is no talking to it at all."""
        try:
            async with asyncio.timeout(self._seconds):
                await client.send_message(letter)
        except (*_REFUSALS, ValueError) as error:
            return Failure(f"{self._server.host}: {_reason(error)}", for_good=_for_good(error))
        return None

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.implicit_tls,
            start_tls=server.start_tls,
            tls_context=self._tls,
            timeout=self._seconds,
            local_hostname=socket.gethostname(),  # by default a name server is asked, for as long as it likes
        )


def _reason(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return "; ".join(_reason(refused) for refused in error.recipients)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__


def _for_good(error: Exception) -> bool:
    """A 5xx about the recipient or the text stays so. One about the sender is our own mistake, and can be put right."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(_for_good(refused) for refused in error.recipients)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return error.code >= 500 and not isinstance(error, aiosmtplib.SMTPSenderRefused)
    return True  # an address that cannot be written, or not to this server


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
