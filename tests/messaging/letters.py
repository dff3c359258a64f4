"""Letters to send, and a real mail server that takes them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as SMTP_POLICY
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.box_office import eventually


def letter(to: str = "ana@example.com", number: int = 17, subject: str = "Your tickets") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "tickets@shop.example"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<{number}.order-paid@shop.example>"
    message.set_content("Łódź, Saturday\n")
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="tickets.pdf")
    return message


@dataclass
class PostOffice:
    """What an SMTP server was given. refuse: its answer to these recipients instead."""

    refuse: dict[str, str] = field(default_factory=dict)
    envelopes: list[Envelope] = field(default_factory=list)
    private: list[bool] = field(default_factory=list)
    connections: set[SMTP] = field(default_factory=set)
    hung_up: set[SMTP] = field(default_factory=set)
    passwords: list[bytes] = field(default_factory=list)
    port: int = 0

    async def closed(self) -> bool:
        return self.hung_up == self.connections

    @property
    def letters(self) -> list[EmailMessage]:
        parse = BytesParser(policy=SMTP_POLICY).parsebytes
        return [parse(envelope.original_content or b"") for envelope in self.envelopes]

    def admit(self, _server: SMTP, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        self.passwords.append(given.password)
        return AuthResult(success=given == LoginPassword(b"shop", b"s3cret/word"), handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(envelope)
        self.private.append(server.transport is not None and server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"


@asynccontextmanager
async def post_office(
    *, implicit_tls: ssl.SSLContext | None = None, users: bool = False, **options: Any
) -> AsyncIterator[PostOffice]:
    """A server on a free port; users: it takes passwords, and shop's is s3cret/word."""
    office = PostOffice()

    class Server(SMTP):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            office.connections.add(self)  # a second time when it becomes private
            super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            super().connection_lost(error)
            office.hung_up.add(self)

    if users:
        options |= {"authenticator": office.admit, "auth_require_tls": False}

    server = await asyncio.get_running_loop().create_server(
        lambda: Server(office, hostname="mail.example", **options), "127.0.0.1", 0, ssl=implicit_tls
    )
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        await eventually(office.closed)


def certificates(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side with a certificate for this machine, and a client's side that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))
